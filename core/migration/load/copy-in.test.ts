import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { migrationClients } from '../../../test/migration-clients.ts'
import { copyInto, type MigrationClient } from './migration-client.ts'

describe.each(migrationClients)('over the client of %s', (_, connect) => {
  async function connected(): Promise<MigrationClient> {
    const client = await connect()
    await client.query('CREATE TEMPORARY TABLE copied (id BIGINT PRIMARY KEY, bytes BYTEA)')
    return client
  }

  it('takes more than a socket holds at once, whole and in order', async () => {
    const client = await connected()
    const rows = Array.from({ length: 300 }, (_row, id) => ({ id, hex: randomBytes(50_000).toString('hex') }))
    const parts = () => rows.map(({ id, hex }) => Buffer.from(`${id}\t\\\\x${hex}\n`))
    await copyInto(client, 'copied', ['id', 'bytes'], { parts, rows: () => rows.length })
    const { rows: found } = await client.query("SELECT id, encode(bytes, 'hex') AS hex FROM copied ORDER BY id")
    expect(found.map((row) => row.hex)).toEqual(rows.map(({ hex }) => hex))
  })

  it('says what the server has against a row, and serves the next statement', async () => {
    const client = await connected()
    const parts = function* () {
      for (let id = 0; id < 100_000; id++) yield Buffer.from(`${id === 50 ? 'none' : id}\t\\\\x00\n`)
    }
    const copy = copyInto(client, 'copied', ['id', 'bytes'], { parts, rows: () => 100_000 })
    await expect(copy).rejects.toMatchObject({ code: '22P02' })
    expect((await client.query('SELECT count(*)::int AS count FROM copied')).rows).toEqual([{ count: 0 }])
  })

  it('is called off where the data cannot be had, and serves the next statement', async () => {
    const client = await connected()
    const parts = function* () {
      yield Buffer.from('1\t\\\\x00\n')
      throw new Error('the source is gone')
    }
    const copy = copyInto(client, 'copied', ['id', 'bytes'], { parts, rows: () => 1 })
    await expect(copy).rejects.toThrow('the source is gone')
    expect((await client.query('SELECT count(*)::int AS count FROM copied')).rows).toEqual([{ count: 0 }])
  })
})
