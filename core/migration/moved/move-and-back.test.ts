import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client as NeonClient } from '@neondatabase/serverless'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { borrow } from '../../../test/borrow.ts'
import { useProxy } from '../../records/drivers/neon-client.ts'
import { analyzeFolder } from '../analyze/analyze-folder.ts'
import { foundFiles } from '../analyze/found-files.ts'
import { readDatabase } from '../analyze/reading/catalogue.ts'
import { openPrivateCopy } from '../analyze/reading/private-copy.ts'
import { readFolder } from '../analyze/reading/read-folder.ts'
import type { AnalysedTable } from '../analyze/source.ts'
import { checkedPlan } from '../plan/check-plan.ts'
import type { Plan } from '../plan/plan.ts'
import { suggestPlan } from '../plan/suggest/suggest-plan.ts'
import { rowChecksum } from '../row-checksum.ts'
import { runMigration } from '../run/run-migration.ts'
import { movedTables } from './read-moved.ts'
import { rebuildRun } from './rebuild-run.ts'
import { rollBack } from './roll-back.ts'
import { verifyRun, verifyTable } from './verify-run.ts'

let client: pg.Client
let databaseUrl: string
let folder: string
const samples = join(import.meta.dirname, '..', '..', '..', 'test', 'data', 'sqlite')

beforeEach(async () => {
  databaseUrl = (JSON.parse(await borrow('database')) as { databaseUrl: string }).databaseUrl
  client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  folder = mkdtempSync(join(tmpdir(), 'hive-moved-'))
})
afterEach(async () => {
  await client.end()
  rmSync(folder, { recursive: true, force: true })
})

async function planOf(source: string): Promise<Plan> {
  const report = await analyzeFolder(source, readFolder(source))
  return checkedPlan(suggestPlan(report, { zone: 'UTC', agent: 'unknown' }), await foundFiles(readFolder(source)))
}

const move = (source: string, plan: Plan) => runMigration(client, { folder: source, plan, id: crypto.randomUUID() })

async function countAll(): Promise<Record<string, number>> {
  const targets = [
    'agent_metrics',
    'agent_capabilities',
    'security_events',
    'agent_conversations',
    'audit_logs',
    'legacy_rows',
  ]
  const counts: [string, number][] = []
  for (const name of targets) {
    counts.push([name, Number((await client.query(`SELECT count(*) FROM ${name}`)).rows[0].count)])
  }
  return Object.fromEntries(counts)
}

/** The checksums of every row that is data, by table. */
async function checksumsOf(file: string): Promise<Record<string, bigint[]>> {
  const copy = await openPrivateCopy(file)
  if ('fault' in copy) throw new Error(copy.fault.detail)
  const data = readDatabase(copy.database).tables.filter(
    ({ kind, name }) => kind === 'table' || kind === 'virtual' || name === 'sqlite_sequence',
  )
  const found = Object.fromEntries(
    data.map((table) => [table.name, [...table.rows(() => {})].map(({ values }) => rowChecksum(values))]),
  )
  await copy.close()
  return found
}

describe('moving the sample databases', () => {
  it('ends verified, rebuilds each file row by row, adds nothing a second time, and rolls back to nothing', async () => {
    const plan = await planOf(samples)
    const result = await move(samples, plan)
    expect(result.fault).toBeUndefined()
    expect(result.state).toBe('complete')
    for (const { rows, migrated, legacy, rejected } of result.tables) expect(rows).toBe(migrated + legacy + rejected)
    expect(result.files.filter(({ fault }) => fault !== undefined).map(({ path }) => path)).toEqual(
      plan.files.filter(({ unreadable }) => unreadable !== undefined).map(({ path }) => path),
    )
    const added = await countAll()
    expect(added.legacy_rows).toBeGreaterThan(10_000)
    expect(added.agent_capabilities).toBe(36)

    const verified = await verifyRun(client, result.run, samples)
    expect(verified.differences).toEqual([])
    expect(verified.verified).toBe(true)
    expect(verified.rows.source).toBe(verified.rows.moved)
    expect(verified.rows.moved).toBe(result.tables.reduce((sum, { rows }) => sum + rows, 0))

    const rebuilt = await rebuildRun(client, result.run, folder)
    for (const { path, faults } of rebuilt) {
      expect([path, faults]).toEqual([path, []])
      expect([path, await checksumsOf(join(folder, path))]).toEqual([path, await checksumsOf(join(samples, path))])
    }

    const again = await move(samples, plan)
    expect(again.state).toBe('complete')
    expect(again.tables.every(({ state }) => state === 'moved before')).toBe(true)
    expect(await countAll()).toEqual(added)

    await rollBack(client, again.run)
    expect(await countAll()).toEqual(added)
    await rollBack(client, result.run)
    expect(Object.values(await countAll()).every((count) => count === 0)).toBe(true)
    expect(await rollBack(client, result.run)).toEqual({ run: result.run, removed: 0 })
  }, 120_000)

  it('is the same over the WebSockets of Neon', async () => {
    const lent = JSON.parse(await borrow('database')) as { databaseUrl: string; neonWsProxy: string }
    const overNeon = [1, 2, 3].map(() => new NeonClient(lent.databaseUrl))
    for (const one of overNeon) {
      useProxy(one, { ...lent, neonHttpEndpoint: undefined })
      await one.connect()
    }
    const [leading, ...lanes] = overNeon as [NeonClient, ...NeonClient[]]
    const plan = await planOf(samples)
    const result = await runMigration(leading, { folder: samples, plan, lanes, id: crypto.randomUUID() })
    expect(result).toMatchObject({ state: 'complete' })
    expect(await verifyRun(leading, result.run, samples)).toMatchObject({ verified: true, differences: [] })
    for (const one of overNeon) await one.end()
  }, 120_000)

  it('accounts for each row of the twelve known databases', async () => {
    const seed = join(samples, 'agent-hive')
    const result = await move(seed, await planOf(seed))
    const tables = result.tables.filter(({ table }) => table !== 'sqlite_sequence')
    expect(tables.reduce((sum, { rows }) => sum + rows, 0)).toBe(77)
    expect(await countAll()).toMatchObject({ agent_capabilities: 36 })
    expect((await verifyRun(client, result.run, seed)).verified).toBe(true)
  })
})

describe('a run', () => {
  const source = () => join(folder, 'source')
  function database(sql: string, name = 'a.db') {
    rmSync(join(source(), name), { force: true })
    const made = new DatabaseSync(join(source(), name))
    made.exec(sql)
    made.close()
  }
  const legacy = (...tables: string[]): Plan => ({
    version: 1,
    zone: 'UTC',
    files: [{ path: 'a.db', tables: tables.map((name) => ({ name, target: 'legacy' as const })) }],
  })
  beforeEach(() => {
    mkdirSync(source())
  })

  it('that moved nothing has failed, and says why', async () => {
    database('CREATE TABLE t (a)')
    const result = await move(source(), legacy('t'))
    expect(result).toMatchObject({ state: 'failed', fault: expect.stringContaining('no row was moved') })
  })

  it('does not stop at a table that is gone', async () => {
    database('CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)')
    const result = await move(source(), legacy('gone', 't'))
    expect(result.tables.map(({ state, rows }) => [state, rows])).toEqual([
      ['failed', 0],
      ['done', 2],
    ])
    expect(result.state).toBe('failed')
  })

  it('has failed where a file that the plan moves cannot be read any more, and goes on when it can', async () => {
    database('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    database('CREATE TABLE t (a); INSERT INTO t VALUES (2)', 'b.db')
    const plan: Plan = {
      ...legacy('t'),
      files: ['a.db', 'b.db'].map((path) => ({ path, tables: [{ name: 't', target: 'legacy' }] })),
    }
    renameSync(join(source(), 'b.db'), join(source(), 'away'))
    const failed = await move(source(), plan)
    expect(failed).toMatchObject({ state: 'failed', fault: expect.stringMatching(/^1 files .* b\.db: ENOENT/) })
    expect(await rebuildRun(client, failed.run, join(folder, 'first'))).toMatchObject([
      { path: 'a.db', faults: [] },
      { path: 'b.db', faults: [expect.stringMatching(/^nothing of it was moved: ENOENT/)] },
    ])
    renameSync(join(source(), 'away'), join(source(), 'b.db'))
    expect(await move(source(), plan)).toMatchObject({ run: failed.run, state: 'complete' })
    expect((await countAll()).legacy_rows).toBe(2)
  })

  it('finds what it moved before under another name, and neither moves it again nor loses sight of it', async () => {
    database('CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)')
    const first = await move(source(), legacy('t'))
    renameSync(join(source(), 'a.db'), join(source(), 'b.db'))
    const renamed: Plan = { ...legacy('t'), files: [{ path: 'b.db', tables: [{ name: 't', target: 'legacy' }] }] }
    const second = await move(source(), renamed)
    expect(second).toMatchObject({
      state: 'complete',
      tables: [{ state: 'moved before', rows: 0, moved_by: first.run }],
    })
    expect((await countAll()).legacy_rows).toBe(2)
    expect(await verifyRun(client, second.run, source())).toMatchObject({
      verified: true,
      rows: { source: 2, moved: 2 },
    })
    expect(await rebuildRun(client, second.run, join(folder, 'second'))).toMatchObject([{ path: 'b.db', faults: [] }])
    expect(await checksumsOf(join(folder, 'second', 'b.db'))).toEqual(await checksumsOf(join(source(), 'b.db')))

    await rollBack(client, first.run)
    expect((await verifyRun(client, second.run, source())).differences).toHaveLength(2)
    expect(await rebuildRun(client, second.run, join(folder, 'third'))).toMatchObject([
      { faults: ['t: the run that had moved it was rolled back'] },
    ])
    await expect(rebuildRun(client, first.run, join(folder, 'fourth'))).rejects.toMatchObject({
      code: 'migration.state',
    })
    expect((await move(source(), renamed)).tables).toMatchObject([{ state: 'done', rows: 2 }])
  })

  it('moves the same content under two names when a plan says so', async () => {
    for (const name of ['a.db', 'b.db']) database('CREATE TABLE t (a); INSERT INTO t VALUES (1)', name)
    const plan: Plan = {
      ...legacy('t'),
      files: ['a.db', 'b.db'].map((path) => ({ path, tables: [{ name: 't', target: 'legacy' }] })),
    }
    expect((await move(source(), plan)).tables.map(({ state }) => state)).toEqual(['done', 'done'])
    expect((await move(source(), plan)).tables.map(({ state }) => state)).toEqual(['moved before', 'moved before'])
  })

  it('moves what a module that is not there has kept, and ends when its table is skipped', async () => {
    const file = join(source(), 'a.db')
    const made = new DatabaseSync(file, { defensive: false })
    made.exec(`CREATE TABLE vec_chunks (id INTEGER PRIMARY KEY, vectors BLOB); INSERT INTO vec_chunks VALUES (1, x'0102');
      PRAGMA writable_schema = ON;
      INSERT INTO sqlite_schema VALUES ('table', 'vec', 'vec', 0, 'CREATE VIRTUAL TABLE vec USING vec0(v float[3])')`)
    made.close()
    const plan = await planOf(source())
    expect(plan.files[0]?.tables[0]).toMatchObject({
      because: expect.stringMatching(/no such module: vec0; skip it if/),
    })
    expect(await move(source(), plan)).toMatchObject({ state: 'failed', tables: [{ state: 'failed' }, { rows: 1 }] })

    const tables = plan.files[0]?.tables.map((table) =>
      table.name === 'vec' ? { name: 'vec', target: 'skip', because: 'its module has it' } : table,
    )
    const skipping = checkedPlan({ ...plan, files: [{ path: 'a.db', tables }] }, await foundFiles(readFolder(source())))
    const { run, state } = await move(source(), skipping)
    expect(state).toBe('complete')
    expect(await rebuildRun(client, run, folder)).toMatchObject([{ faults: [] }])
    const rebuilt = new DatabaseSync(join(folder, 'a.db'))
    expect(rebuilt.prepare("SELECT sql FROM sqlite_schema WHERE name = 'vec'").get()).toEqual({
      sql: 'CREATE VIRTUAL TABLE vec USING vec0(v float[3])',
    })
    rebuilt.close()
  })

  it('is not rebuilt as if it were whole where it was stopped', async () => {
    database('CREATE TABLE t (a TEXT); CREATE TABLE u (a); INSERT INTO u VALUES (1)')
    const stopped = runMigration(client, {
      ...{ folder: source(), plan: legacy('u', 't'), id: crypto.randomUUID() },
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

  it('refuses a source that has changed since it was moved', async () => {
    database('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    const { run } = await move(source(), legacy('t'))
    database('CREATE TABLE t (a); INSERT INTO t VALUES (2)')
    await expect(move(source(), legacy('t'))).rejects.toMatchObject({ code: 'migration.changed' })
    expect((await verifyRun(client, run, source())).differences).toMatchObject([
      { what: expect.stringContaining('changed') },
    ])
    await rollBack(client, run)
    expect((await move(source(), legacy('t'))).state).toBe('complete')
  })

  it('is refused for what another plan has moved a part of, and while another one is under way', async () => {
    database(`CREATE TABLE t (a TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
      INSERT INTO t SELECT 'value ' || i FROM n; CREATE TABLE u (a)`)
    const stopped = runMigration(client, {
      folder: source(),
      plan: legacy('t'),
      id: crypto.randomUUID(),
      progress: () => {
        throw Object.assign(new Error('connection terminated'), { code: '57P01' })
      },
    })
    await expect(stopped).rejects.toThrow('terminated')
    await expect(move(source(), legacy('t', 'u'))).rejects.toMatchObject({
      code: 'migration.unfinished',
      errors: [{ field: 'a.db t' }],
    })
    const other = new pg.Client({ connectionString: databaseUrl })
    await other.connect()
    await other.query('SELECT pg_advisory_lock(4872219632)')
    await expect(move(source(), legacy('t'))).rejects.toMatchObject({ code: 'migration.busy' })
    await other.end()
    expect((await move(source(), legacy('t'))).tables).toMatchObject([{ state: 'done', rows: 6_000 }])
    expect((await countAll()).legacy_rows).toBe(6_000)
  })

  it('that failed goes on with the same plan, and nothing is moved twice', async () => {
    database('CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)')
    const plan = legacy('gone', 't')
    const failed = await move(source(), plan)
    const again = await move(source(), plan)
    expect(again).toMatchObject({ run: failed.run, state: 'failed' })
    expect((await countAll()).legacy_rows).toBe(2)
  })

  it('goes on where it was stopped, and nothing is moved twice', async () => {
    database(`CREATE TABLE t (a TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 23000)
      INSERT INTO t SELECT 'value ' || i FROM n`)
    const plan = legacy('t')
    let batches = 0
    const stopped = runMigration(client, {
      folder: source(),
      plan,
      id: crypto.randomUUID(),
      progress: () => {
        if (++batches === 2) throw Object.assign(new Error('connection terminated'), { code: '57P01' })
      },
    })
    await expect(stopped).rejects.toThrow('terminated')
    const result = await move(source(), plan)
    expect(result.tables).toMatchObject([{ state: 'done', rows: 23_000, legacy: 23_000 }])
    expect((await countAll()).legacy_rows).toBe(23_000)
    expect(await verifyRun(client, result.run, source())).toMatchObject({
      verified: true,
      rows: { source: 23_000, moved: 23_000 },
    })
  })

  it('finds what was changed since, names the row, and does not roll it back', async () => {
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

  it('lets go of the source when a part of it has been verified', async () => {
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

  it('finds rowids that the ledger has otherwise than the source', async () => {
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

  it.each(['5', '9007199254740989', '9007199254740990', '9223372036854775805', '-9223372036854775808'])(
    'finds a rowid beside %s that is another by one',
    async (first) => {
      database(`CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (${first}, 'x'), (${first} + 1, 'y')`)
      const plan: Plan = {
        version: 1,
        zone: 'UTC',
        files: [{ path: 'a.db', tables: [{ name: 't', target: 'legacy' }] }],
      }
      const { run } = await move(source(), plan)
      expect(await verifyRun(client, run, source())).toMatchObject({ verified: true, rows: { source: 2, moved: 2 } })
      const change = `UPDATE migration_ranges SET first_rowid = first_rowid + 1 WHERE table_id IN
        (SELECT t.id FROM migration_tables t JOIN migration_files f ON f.id = t.file_id WHERE f.run_id = $1)`
      await client.query(change, [run])
      const { differences } = await verifyRun(client, run, source())
      expect(differences).toMatchObject([0, 1].map((row) => ({ row, what: expect.stringContaining('another rowid') })))
      await rollBack(client, run)
    },
  )

  it('names the rows that are gone from what was kept as it was, and no other', async () => {
    database(`CREATE TABLE t (a TEXT); WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
      INSERT INTO t SELECT 'row ' || i FROM n`)
    const { run } = await move(source(), {
      version: 1,
      zone: 'UTC',
      files: [{ path: 'a.db', tables: [{ name: 't', target: 'legacy' }] }],
    })
    await client.query('DELETE FROM legacy_rows WHERE row IN (0, 50, 99)')
    const { differences, rows } = await verifyRun(client, run, source())
    expect(rows).toEqual({ source: 100, moved: 100 })
    expect(differences).toMatchObject([0, 50, 99].map((row) => ({ row, what: 'it is not there' })))
    await client.query('DELETE FROM legacy_rows')
    expect((await verifyRun(client, run, source())).differences).toHaveLength(100)
  })

  it('rejects those rows alone that Postgres refuses, on several connections too', async () => {
    await client.query('ALTER TABLE agent_metrics ADD CHECK (value <> 13), ADD CHECK (value <> 9000)')
    database(`CREATE TABLE t (a REAL, at TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
      WHERE i < 17000) INSERT INTO t SELECT i, '2026-01-01T00:00:00' FROM n`)
    const plan: Plan = {
      version: 1,
      zone: 'UTC',
      files: [
        {
          path: 'a.db',
          tables: [
            {
              name: 't',
              target: 'agent_metrics',
              columns: {
                agent_name: { rule: 'constant', value: 'a' },
                metric_type: { rule: 'constant', value: 'm' },
                value: { rule: 'copy', from: 'a' },
                timestamp: { rule: 'timestamp', from: 'at', unit: 'iso' },
              },
            },
          ],
        },
      ],
    }
    const lane = new pg.Client({ connectionString: databaseUrl })
    await lane.connect()
    const lanes = [lane, client]
    const result = await runMigration(client, { folder: source(), plan, lanes, id: crypto.randomUUID() })
    await lane.end()
    expect(result).toMatchObject({ state: 'complete', tables: [{ rows: 17_000, migrated: 16_998, rejected: 2 }] })
    const rejects = await client.query('SELECT row::int, reason FROM migration_rejects ORDER BY row')
    const reason = expect.stringMatching(/^Postgres refuses it: .*check constraint/)
    expect(rejects.rows).toEqual([
      { row: 12, reason },
      { row: 8_999, reason },
    ])
    expect(await verifyRun(client, result.run, source())).toMatchObject({ verified: true, differences: [] })
  })

  it('tries rejected rows again with a mended plan, and only those', async () => {
    database(`CREATE TABLE events (kind TEXT, level TEXT, at TEXT);
      INSERT INTO events VALUES ('a', 'low', '2026-01-01T00:00:00'), ('b', 'odd', '2026-01-02T00:00:00'),
        ('c', 'high', '2026-01-03T00:00:00'), ('d', 'odd', 'never'), ('e', 'odd', '2026-01-05T00:00:00')`)
    const plan = (map?: Record<string, string>): Plan => ({
      version: 1,
      zone: 'UTC',
      files: [
        {
          path: 'a.db',
          tables: [
            {
              name: 'events',
              target: 'security_events',
              columns: {
                event_type: { rule: 'copy', from: 'kind' },
                severity: { rule: 'severity', from: 'level', map },
                description: { rule: 'constant', value: 'moved' },
                timestamp: { rule: 'timestamp', from: 'at', unit: 'iso' },
              },
            },
          ],
        },
      ],
    })
    const retry = (rejectedBy: string, mended: Plan) =>
      runMigration(client, { folder: source(), plan: mended, id: crypto.randomUUID(), rejectedBy })
    const first = await move(source(), plan())
    expect(first.tables).toMatchObject([{ rows: 5, migrated: 2, rejected: 3 }])
    const second = await retry(first.run, plan({ odd: 'medium' }))
    expect(second).toMatchObject({ state: 'complete', tables: [{ rows: 3, migrated: 2, rejected: 1 }] })
    const events = await client.query('SELECT event_type, severity FROM security_events ORDER BY event_type')
    expect(events.rows.map((row) => Object.values(row).join(' '))).toEqual(['a low', 'b medium', 'c high', 'e medium'])

    for (const { run } of [first, second]) {
      expect(await verifyRun(client, run, source())).toMatchObject({ verified: true, differences: [] })
    }
    await expect(retry(first.run, plan({ odd: 'low' }))).rejects.toMatchObject({ code: 'migration.retried' })
    await expect(rollBack(client, first.run)).rejects.toMatchObject({ code: 'migration.retried' })
    await expect(rebuildRun(client, second.run, folder)).rejects.toMatchObject({ code: 'migration.partial' })
    expect((await move(source(), plan())).tables).toMatchObject([{ state: 'moved before' }])

    const third = await retry(second.run, plan({ odd: 'medium' }))
    expect(third.tables).toMatchObject([{ rows: 1, migrated: 0, rejected: 1 }])
    expect(await verifyRun(client, third.run, source())).toMatchObject({
      verified: true,
      rows: { source: 1, moved: 1 },
    })
    for (const { run } of [third, second, first]) await rollBack(client, run)
    expect(Object.values(await countAll()).every((count) => count === 0)).toBe(true)
    await expect(retry(first.run, plan())).rejects.toMatchObject({ code: 'migration.unknown' })
  })

  it('has nothing to try again where nothing was rejected, and says so', async () => {
    database('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    const { run } = await move(source(), legacy('t'))
    const again = { folder: source(), plan: legacy('t'), id: crypto.randomUUID(), rejectedBy: run }
    expect(await runMigration(client, again)).toMatchObject({ fault: expect.stringContaining('has rejected no row') })
    const other = { ...again, plan: legacy('t', 't'), id: crypto.randomUUID() }
    expect(await runMigration(client, other)).toMatchObject({ fault: expect.stringContaining('has rejected no row') })
    database('CREATE TABLE t (a); INSERT INTO t VALUES (2)')
    await expect(runMigration(client, again)).rejects.toMatchObject({ code: 'migration.changed' })
  })

  it('rejects by name a row whose key the target has already, and keeps it', async () => {
    const seed = join(samples, 'agent-hive')
    const plan = await planOf(seed)
    const first = await move(seed, plan)
    const { rows } = await client.query(
      'SELECT agent_name, capability FROM agent_capabilities ORDER BY id OFFSET 3 LIMIT 1',
    )
    await rollBack(client, first.run)
    await client.query(
      'INSERT INTO agent_capabilities (agent_name, capability) VALUES ($1, $2)',
      Object.values(rows[0]),
    )
    const result = await move(seed, plan)
    const table = result.tables.find((one) => one.table === 'agent_capabilities')
    expect(table).toMatchObject({ rows: 36, migrated: 35, rejected: 1 })
    expect((await verifyRun(client, result.run, seed)).verified).toBe(true)
    const rejects = await client.query('SELECT reason FROM migration_rejects')
    expect(rejects.rows).toEqual([{ reason: expect.stringContaining('agent_capabilities has a row') }])
  })
})
