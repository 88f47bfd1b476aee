import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect } from 'vitest'
import { checksumsOf, it, legacy } from '../../../test/moving.ts'
import { foundFiles } from '../analyze/found-files.ts'
import { readFolder } from '../analyze/reading/read-folder.ts'
import { rebuildRun } from '../moved/rebuild-run.ts'
import { rollBack } from '../moved/roll-back.ts'
import { verifyRun } from '../moved/verify-run.ts'
import { checkedPlan } from '../plan/check-plan.ts'
import type { Plan } from '../plan/plan.ts'
import { runMigration } from './run-migration.ts'

it('a run that moved nothing has failed, and says why', async ({ moving: { source, database, move } }) => {
  database('CREATE TABLE t (a)')
  const result = await move(source, legacy('t'))
  expect(result).toMatchObject({ state: 'failed', fault: expect.stringContaining('no row was moved') })
})

it('does not stop at a table that is gone', async ({ moving: { source, database, move } }) => {
  database('CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)')
  const result = await move(source, legacy('gone', 't'))
  expect(result.tables.map(({ state, rows }) => [state, rows])).toEqual([
    ['failed', 0],
    ['done', 2],
  ])
  expect(result.state).toBe('failed')
})

it('has failed where a file that the plan moves cannot be read any more, and goes on when it can', async ({
  moving: { client, folder, source, database, move, countAll },
}) => {
  database('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
  database('CREATE TABLE t (a); INSERT INTO t VALUES (2)', 'b.db')
  const plan: Plan = {
    ...legacy('t'),
    files: ['a.db', 'b.db'].map((path) => ({ path, tables: [{ name: 't', target: 'legacy' }] })),
  }
  renameSync(join(source, 'b.db'), join(source, 'away'))
  const failed = await move(source, plan)
  expect(failed).toMatchObject({ state: 'failed', fault: expect.stringMatching(/^1 files .* b\.db: ENOENT/) })
  expect(await rebuildRun(client, failed.run, join(folder, 'first'))).toMatchObject([
    { path: 'a.db', faults: [] },
    { path: 'b.db', faults: [expect.stringMatching(/^nothing of it was moved: ENOENT/)] },
  ])
  renameSync(join(source, 'away'), join(source, 'b.db'))
  expect(await move(source, plan)).toMatchObject({ run: failed.run, state: 'complete' })
  expect((await countAll()).legacy_rows).toBe(2)
})

it('finds what it moved before under another name, and neither moves it again nor loses sight of it', async ({
  moving: { client, folder, source, database, move, countAll },
}) => {
  database('CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)')
  const first = await move(source, legacy('t'))
  renameSync(join(source, 'a.db'), join(source, 'b.db'))
  const renamed: Plan = { ...legacy('t'), files: [{ path: 'b.db', tables: [{ name: 't', target: 'legacy' }] }] }
  const second = await move(source, renamed)
  expect(second).toMatchObject({
    state: 'complete',
    tables: [{ state: 'moved before', rows: 0, moved_by: first.run }],
  })
  expect((await countAll()).legacy_rows).toBe(2)
  expect(await verifyRun(client, second.run, source)).toMatchObject({
    verified: true,
    rows: { source: 2, moved: 2 },
  })
  expect(await rebuildRun(client, second.run, join(folder, 'second'))).toMatchObject([{ path: 'b.db', faults: [] }])
  expect(await checksumsOf(join(folder, 'second', 'b.db'))).toEqual(await checksumsOf(join(source, 'b.db')))

  await rollBack(client, first.run)
  expect((await verifyRun(client, second.run, source)).differences).toHaveLength(2)
  expect(await rebuildRun(client, second.run, join(folder, 'third'))).toMatchObject([
    { faults: ['t: the run that had moved it was rolled back'] },
  ])
  await expect(rebuildRun(client, first.run, join(folder, 'fourth'))).rejects.toMatchObject({
    code: 'migration.state',
  })
  expect((await move(source, renamed)).tables).toMatchObject([{ state: 'done', rows: 2 }])
})

it('moves the same content under two names when a plan says so', async ({ moving: { source, database, move } }) => {
  for (const name of ['a.db', 'b.db']) database('CREATE TABLE t (a); INSERT INTO t VALUES (1)', name)
  const plan: Plan = {
    ...legacy('t'),
    files: ['a.db', 'b.db'].map((path) => ({ path, tables: [{ name: 't', target: 'legacy' }] })),
  }
  expect((await move(source, plan)).tables.map(({ state }) => state)).toEqual(['done', 'done'])
  expect((await move(source, plan)).tables.map(({ state }) => state)).toEqual(['moved before', 'moved before'])
})

it('moves what a module that is not there has kept, and ends when its table is skipped', async ({
  moving: { client, folder, source, planOf, move },
}) => {
  const file = join(source, 'a.db')
  const made = new DatabaseSync(file, { defensive: false })
  made.exec(`CREATE TABLE vec_chunks (id INTEGER PRIMARY KEY, vectors BLOB); INSERT INTO vec_chunks VALUES (1, x'0102');
    PRAGMA writable_schema = ON;
    INSERT INTO sqlite_schema VALUES ('table', 'vec', 'vec', 0, 'CREATE VIRTUAL TABLE vec USING vec0(v float[3])')`)
  made.close()
  const plan = await planOf(source)
  expect(plan.files[0]?.tables[0]).toMatchObject({
    because: expect.stringMatching(/no such module: vec0; skip it if/),
  })
  expect(await move(source, plan)).toMatchObject({ state: 'failed', tables: [{ state: 'failed' }, { rows: 1 }] })

  const tables = plan.files[0]?.tables.map((table) =>
    table.name === 'vec' ? { name: 'vec', target: 'skip', because: 'its module has it' } : table,
  )
  const skipping = checkedPlan({ ...plan, files: [{ path: 'a.db', tables }] }, await foundFiles(readFolder(source)))
  const { run, state } = await move(source, skipping)
  expect(state).toBe('complete')
  expect(await rebuildRun(client, run, folder)).toMatchObject([{ faults: [] }])
  const rebuilt = new DatabaseSync(join(folder, 'a.db'))
  expect(rebuilt.prepare("SELECT sql FROM sqlite_schema WHERE name = 'vec'").get()).toEqual({
    sql: 'CREATE VIRTUAL TABLE vec USING vec0(v float[3])',
  })
  rebuilt.close()
})

it('a run is not rebuilt as if it were whole where it was stopped', async ({
  moving: { client, folder, source, database },
}) => {
  database('CREATE TABLE t (a TEXT); CREATE TABLE u (a); INSERT INTO u VALUES (1)')
  const stopped = runMigration(client, {
    ...{ folder: source, plan: legacy('u', 't'), id: crypto.randomUUID() },
    ended: () => {
      throw new Error('stopped')
    },
  })
  await expect(stopped).rejects.toThrow('stopped')
  const { rows } = await client.query('SELECT id FROM migration_runs')
  expect(await rebuildRun(client, rows[0].id, join(folder, 'half'))).toMatchObject([
    { tables: [{ name: 'u', rows: 1 }], faults: ['t: the run has not come to it'] },
  ])
})

it('refuses a source that has changed since it was moved', async ({ moving: { client, source, database, move } }) => {
  database('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
  const { run } = await move(source, legacy('t'))
  database('CREATE TABLE t (a); INSERT INTO t VALUES (2)')
  await expect(move(source, legacy('t'))).rejects.toMatchObject({ code: 'migration.changed' })
  expect((await verifyRun(client, run, source)).differences).toMatchObject([
    { what: expect.stringContaining('changed') },
  ])
  await rollBack(client, run)
  expect((await move(source, legacy('t'))).state).toBe('complete')
})

it('a run is refused for what another plan has moved a part of, and while another one is under way', async ({
  moving: { client, databaseUrl, source, database, move, countAll },
}) => {
  database(`CREATE TABLE t (a TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
    INSERT INTO t SELECT 'value ' || i FROM n; CREATE TABLE u (a)`)
  const stopped = runMigration(client, {
    folder: source,
    plan: legacy('t'),
    id: crypto.randomUUID(),
    progress: () => {
      throw Object.assign(new Error('connection terminated'), { code: '57P01' })
    },
  })
  await expect(stopped).rejects.toThrow('terminated')
  await expect(move(source, legacy('t', 'u'))).rejects.toMatchObject({
    code: 'migration.unfinished',
    errors: [{ field: 'a.db t' }],
  })
  const other = new pg.Client({ connectionString: databaseUrl })
  await other.connect()
  await other.query('SELECT pg_advisory_lock(4872219632)')
  await expect(move(source, legacy('t'))).rejects.toMatchObject({ code: 'migration.busy' })
  await other.end()
  expect((await move(source, legacy('t'))).tables).toMatchObject([{ state: 'done', rows: 6_000 }])
  expect((await countAll()).legacy_rows).toBe(6_000)
})

it('a run that failed goes on with the same plan, and nothing is moved twice', async ({
  moving: { source, database, move, countAll },
}) => {
  database('CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)')
  const plan = legacy('gone', 't')
  const failed = await move(source, plan)
  const again = await move(source, plan)
  expect(again).toMatchObject({ run: failed.run, state: 'failed' })
  expect((await countAll()).legacy_rows).toBe(2)
})

it('goes on where it was stopped, and nothing is moved twice', async ({
  moving: { client, source, database, move, countAll },
}) => {
  database(`CREATE TABLE t (a TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 23000)
    INSERT INTO t SELECT 'value ' || i FROM n`)
  const plan = legacy('t')
  let batches = 0
  const stopped = runMigration(client, {
    folder: source,
    plan,
    id: crypto.randomUUID(),
    progress: () => {
      if (++batches === 2) throw Object.assign(new Error('connection terminated'), { code: '57P01' })
    },
  })
  await expect(stopped).rejects.toThrow('terminated')
  const result = await move(source, plan)
  expect(result.tables).toMatchObject([{ state: 'done', rows: 23_000, legacy: 23_000 }])
  expect((await countAll()).legacy_rows).toBe(23_000)
  expect(await verifyRun(client, result.run, source)).toMatchObject({
    verified: true,
    rows: { source: 23_000, moved: 23_000 },
  })
})
