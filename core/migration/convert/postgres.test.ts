import * as fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { borrow } from '../../../test/borrow.ts'
import { anyRow } from './arbitrary-rows.ts'
import { compileTable } from './compile-table.ts'
import type { CompiledTable, TargetRow } from './conversion.ts'
import { sameValue } from './same-value.ts'
import { tables } from './sample-tables.ts'

let client: pg.Client

beforeAll(async () => {
  client = new pg.Client({ connectionString: JSON.parse(await borrow('database')).databaseUrl })
  await client.connect()
  await client.query("SET timezone = 'UTC'")
})

afterAll(() => client.end())

/** Writes rows as text and reads them back as text, each in its own insert; leaves nothing behind. */
async function throughPostgres(table: CompiledTable, rows: TargetRow[]): Promise<TargetRow[]> {
  const names = table.columns.map((name) => `"${name}"`)
  const places = names.map((_, at) => `$${at + 1}`)
  const texts = names.map((name) => `${name}::text`)
  const insert = `INSERT INTO ${table.target} (${names}) VALUES (${places}) RETURNING ${texts}`
  await client.query('BEGIN')
  try {
    const read: TargetRow[] = []
    for (const row of rows) {
      const answer = await client.query({ text: insert, values: row, rowMode: 'array' })
      read.push(answer.rows[0] as TargetRow)
    }
    return read
  } finally {
    await client.query('ROLLBACK')
  }
}

describe.each(Object.entries(tables))('Postgres takes every migrated row of %s', (_, { plan, columns, zone }) => {
  const table = compileTable(plan, columns, zone)

  it('and what it gives back is the source row again', async () => {
    let migrated = 0
    await fc.assert(
      fc.asyncProperty(anyRow(columns), async (row) => {
        const conversion = table.convert(row)
        if (conversion.outcome !== 'migrated') return
        migrated++
        const read = await throughPostgres(table, conversion.rows)
        for (const [at, target] of read.entries()) {
          if (!table.equal(target, conversion.rows[at] as TargetRow)) expect(target).toEqual(conversion.rows[at])
        }
        const { rows } = await client.query('SELECT $1::jsonb::text AS kept', [JSON.stringify(conversion.kept)])
        const back = table.invert(read, JSON.parse(rows[0].kept))
        for (const [index, value] of row.entries()) {
          if (!sameValue(back[index] ?? null, value)) expect(back).toEqual(row)
        }
      }),
      { numRuns: 600 },
    )
    expect(migrated).toBeGreaterThan(30)
  })
})

/** Text that does not become smaller when it is compressed. */
const dense = (length: number) =>
  String.fromCodePoint(...Array.from({ length }, (_, at) => 0x20000 + ((at * 7919 + length * 104_729) % 40_000)))

it('Postgres takes the largest names that are migrated, and larger ones are rejected before it is asked', async () => {
  const { plan, columns, zone } = tables.metrics as (typeof tables)[string]
  const table = compileTable(plan, columns, zone)
  const named = (agent: string, name: string) =>
    table.convert([1n, agent, name, 0.5, '2025-01-01T00:00:00', null, null, null])
  const largest = named(dense(512), dense(138))
  if (largest.outcome !== 'migrated') throw new Error('it must be migrated')
  expect(await throughPostgres(table, largest.rows)).toEqual([expect.arrayContaining([dense(512)])])
  expect(named(dense(512), dense(139))).toEqual({
    outcome: 'rejected',
    column: 'agent',
    value: dense(512),
    reason: 'makes an index entry of 2604 bytes (agent_name, metric_type); it takes 2600',
  })
  const [row] = largest.rows as [TargetRow]
  const place = table.columns.indexOf('metric_type')
  await expect(throughPostgres(table, [row.with(place, dense(512))])).rejects.toThrow('index row size')
})
