import { describe, expect, it } from 'vitest'
import { migrationClients } from '../../../test/migration-clients.ts'
import { type CopiedRows, copyOut, elementStarts } from './copy-out.ts'

function fieldsOf(rows: CopiedRows, i: number, count: number): (string | null)[] {
  const fields: (string | null)[] = []
  let at = rows.start(i)
  for (let field = 0; field < count; field++) {
    const length = rows.bytes.readInt32BE(at)
    at += 4
    fields.push(length < 0 ? null : rows.bytes.toString('utf8', at, at + length))
    at += Math.max(length, 0)
  }
  return fields
}

describe.each(migrationClients)('over the client of %s', (_, connect) => {
  it('gives more than a socket holds at once, whole and in order', async () => {
    const client = await connect()
    const rows = await copyOut(
      client,
      `SELECT n::text, repeat(chr(64 + n % 64), n * 10), nullif(n % 3, 0)::text FROM generate_series(1, 1000) n`,
    )
    expect(rows.rows).toBe(1000)
    for (const n of [1, 2, 3, 500, 1000]) {
      const third = n % 3 === 0 ? null : String(n % 3)
      expect(fieldsOf(rows, n - 1, 3)).toEqual([String(n), String.fromCharCode(64 + (n % 64)).repeat(n * 10), third])
    }
  })

  it('tells where the elements of arrays begin, one after another', async () => {
    const client = await connect()
    const rows = await copyOut(
      client,
      `SELECT ARRAY['a', NULL, '', repeat('é', 100000)], ARRAY[]::text[], NULL::text[], ARRAY['7']`,
    )
    let at = rows.start(0)
    const arrays = Array.from({ length: 4 }, () => {
      const elements = [...elementStarts(rows.bytes, at)].map((start) => {
        const length = rows.bytes.readInt32BE(start)
        return length < 0 ? null : rows.bytes.toString('utf8', start + 4, start + 4 + length)
      })
      at += 4 + Math.max(rows.bytes.readInt32BE(at), 0)
      return elements
    })
    expect(arrays).toEqual([['a', null, '', 'é'.repeat(100_000)], [], [], ['7']])
  })

  it('gives no row where there is none', async () => {
    const client = await connect()
    expect((await copyOut(client, 'SELECT 1 WHERE false')).rows).toBe(0)
  })

  it('says what the server has against it, also in the middle, and serves the next statement', async () => {
    const client = await connect()
    const copy = copyOut(client, 'SELECT 1 / (50000 - n) FROM generate_series(1, 100000) n')
    await expect(copy).rejects.toMatchObject({ code: '22012' })
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })
})
