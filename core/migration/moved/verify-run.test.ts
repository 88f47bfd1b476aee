import { join } from 'node:path'
import { expect } from 'vitest'
import { it, legacy, samples } from '../../../test/moving.ts'
import type { AnalysedTable } from '../analyze/source.ts'
import { movedTables } from './read-moved.ts'
import { rollBack } from './roll-back.ts'
import { verifyRun, verifyTable } from './verify-run.ts'

it('finds what was changed since, names the row, and does not roll it back', async ({
  moving: { client, planOf, move, countAll },
}) => {
  const seed = join(samples, 'agent-hive')
  const { run } = await move(seed, await planOf(seed))
  await client.query(`UPDATE agent_capabilities SET proficiency_level = 11 - proficiency_level
    WHERE id = (SELECT min(id) FROM agent_capabilities)`)
  const verified = await verifyRun(client, run, seed)
  expect(verified).toMatchObject({ verified: false, differences: [{ table: 'agent_capabilities', row: 0 }] })
  const before = await countAll()
  await expect(rollBack(client, run)).rejects.toMatchObject({
    code: 'migration.edited',
    errors: [{ field: expect.stringContaining('agent_capabilities row 0') }],
  })
  expect(await countAll()).toEqual(before)
  await client.query('DELETE FROM agent_capabilities WHERE id = (SELECT min(id) FROM agent_capabilities)')
  expect((await verifyRun(client, run, seed)).differences).toMatchObject([{ what: expect.stringContaining('lost') }])
})

it('lets go of the source when a part of it has been verified', async ({ moving: { client, planOf, move } }) => {
  const seed = join(samples, 'agent-hive')
  const { run } = await move(seed, await planOf(seed))
  const tables = await movedTables(client, run, 'UTC')
  const table = tables.find(({ rows }) => rows > 1)
  if (!table) throw new Error('no table has rows')
  let open = 0
  const source = {
    *rows() {
      open++
      try {
        for (;;) yield { rowid: undefined, values: [] }
      } finally {
        open--
      }
    },
  }
  const result = { rows: { source: 0, moved: 0 } }
  const stopped = verifyTable(client, table, source as unknown as AnalysedTable, result, () => {}, {
    from: 0,
    stop: () => true,
  })
  expect(await stopped).toBeGreaterThan(0)
  expect(result.rows.source).toBeGreaterThan(0)
  expect(open).toBe(0)
  await rollBack(client, run)
})

it('finds rowids that the ledger has otherwise than the source', async ({ moving: { client, planOf, move } }) => {
  const seed = join(samples, 'agent-hive')
  const { run } = await move(seed, await planOf(seed))
  await client.query(`UPDATE migration_ranges SET first_rowid = first_rowid + 1
    WHERE (table_id, first_row) = (SELECT table_id, first_row FROM migration_ranges
      WHERE first_rowid IS NOT NULL ORDER BY table_id, first_row LIMIT 1)`)
  const { verified, differences } = await verifyRun(client, run, seed)
  expect(verified).toBe(false)
  expect(differences[0]).toMatchObject({ row: 0, what: expect.stringContaining('another rowid') })
  await rollBack(client, run)
})

it.for(['5', '9007199254740989', '9007199254740990', '9223372036854775805', '-9223372036854775808'])(
  'finds a rowid beside %s that is another by one',
  async (first, { moving: { client, source, database, move } }) => {
    database(`CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (${first}, 'x'), (${first} + 1, 'y')`)
    const { run } = await move(source, legacy('t'))
    expect(await verifyRun(client, run, source)).toMatchObject({ verified: true, rows: { source: 2, moved: 2 } })
    const change = `UPDATE migration_ranges SET first_rowid = first_rowid + 1 WHERE table_id IN
      (SELECT t.id FROM migration_tables t JOIN migration_files f ON f.id = t.file_id WHERE f.run_id = $1)`
    await client.query(change, [run])
    const { differences } = await verifyRun(client, run, source)
    expect(differences).toMatchObject([0, 1].map((row) => ({ row, what: expect.stringContaining('another rowid') })))
    await rollBack(client, run)
  },
)

it('names the rows that are gone from what was kept as it was, and no other', async ({
  moving: { client, source, database, move },
}) => {
  database(`CREATE TABLE t (a TEXT); WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
    INSERT INTO t SELECT 'row ' || i FROM n`)
  const { run } = await move(source, legacy('t'))
  await client.query('DELETE FROM legacy_rows WHERE row IN (0, 50, 99)')
  const { differences, rows } = await verifyRun(client, run, source)
  expect(rows).toEqual({ source: 100, moved: 100 })
  expect(differences).toMatchObject([0, 50, 99].map((row) => ({ row, what: 'it is not there' })))
  await client.query('DELETE FROM legacy_rows')
  expect((await verifyRun(client, run, source)).differences).toHaveLength(100)
})
