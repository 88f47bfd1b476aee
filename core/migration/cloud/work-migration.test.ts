import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { setWarmHive } from '../../../functions/warm.ts'
import { type Gateway, startGateway } from '../../../scripts/local/gateway/start-gateway.ts'
import type { NeonServer } from '../../../scripts/local/neon/start-neon.ts'
import { startNeon } from '../../../scripts/local/neon/start-neon.ts'
import { borrow } from '../../../test/borrow.ts'
import { type TestHive, testHive } from '../../../test/hive.ts'
import { type HttpCall, httpCaller } from '../../../test/http-call.ts'
import { uploadFolder } from '../../../test/upload-folder.ts'
import type { HiveConfig } from '../../config.ts'
import type { Clock, Log } from '../../hive.ts'
import { createRecords } from '../../records/create-records.ts'
import type { MigrationDetails } from '../../records/migrations-repository.ts'
import type { Plan, TablePlan } from '../plan/plan.ts'
import { runMigration } from '../run/run-migration.ts'
import { noteMigrations } from './pending-migrations.ts'
import { reviveMigrations } from './revive-migrations.ts'
import { MigrationWork } from './work.ts'
import { workMigration } from './work-migration.ts'

// Nobody takes from the queue here but the test itself: it says when a function runs, how long, and how often.

let hive: TestHive
let neon: NeonServer
let gateway: Gateway
let call: HttpCall
let client: pg.Client
let folder: string
let now: number | undefined
let measured: object[]
const clock: Clock = { now: () => now ?? Date.now(), sleep: async () => {} }
const ample = () => 900_000

beforeAll(async () => {
  const { databaseUrl } = JSON.parse(await borrow('database')) as { databaseUrl: string }
  neon = await startNeon({ postgresUrl: databaseUrl })
  const { httpEndpoint: neonHttpEndpoint, wsProxy: neonWsProxy } = neon
  const config: Partial<HiveConfig> = { databaseUrl, neonHttpEndpoint, neonWsProxy, migrationMaxBytes: 50_000_000 }
  const log: Log = { info: (_message, extra = {}) => measured.push(extra), warn: () => {}, error: () => {} }
  hive = await testHive(config, { clock, log })
  const records = createRecords(hive.config)
  hive.records = async () => records
  client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  setWarmHive(hive)
  gateway = await startGateway({ port: 0 })
  call = httpCaller(gateway.url, hive.config.adminKeys[0] ?? '')
})
afterAll(async () => {
  await gateway?.stop()
  setWarmHive(undefined)
  await client?.end()
  await (await hive?.records())?.close()
  await hive?.dispose()
  await neon?.close()
})
beforeEach(async () => {
  now = undefined
  measured = []
  hive.wakes = []
  hive.queueDown = false
  folder = mkdtempSync(join(tmpdir(), 'hive-cloud-migration-'))
  for (const table of ['migration_checks', 'migration_tables', 'migration_files', 'migration_runs']) {
    await client.query(`DELETE FROM ${table}`)
  }
  for (const table of ['agent_metrics', 'legacy_rows', 'migration_ranges', 'migration_rejects', 'migration_kept']) {
    await client.query(`DELETE FROM ${table}`)
  }
  return () => rmSync(folder, { recursive: true, force: true })
})

function database(path: string, statements: string, keepOpen = false): DatabaseSync {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  const made = new DatabaseSync(file)
  made.exec(statements)
  if (!keepOpen) made.close()
  return made
}

const points = (rows: number) => `
  CREATE TABLE points (id INTEGER PRIMARY KEY, agent TEXT, at REAL, load REAL);
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
  INSERT INTO points SELECT i, 'agent-' || i % 7, 1767225600 + i, i / 8.0 FROM n;`
const asMetrics: TablePlan = {
  name: 'points',
  target: 'agent_metrics',
  keep: ['id'],
  columns: {
    agent_name: { rule: 'copy', from: 'agent' },
    metric_type: { rule: 'constant', value: 'load' },
    value: { rule: 'copy', from: 'load' },
    timestamp: { rule: 'timestamp', from: 'at', unit: 's' },
  },
}
const legacy = (name: string): TablePlan => ({ name, target: 'legacy' })
const planOf = (files: Record<string, TablePlan[]>): Plan => ({
  version: 1,
  zone: 'UTC',
  files: Object.entries(files).map(([path, tables]) => ({ path, tables })),
})

async function start(plan: Plan, more: object = {}): Promise<MigrationDetails> {
  const { status, body } = await call('POST', '/v1/migrations', {
    upload: await uploadFolder(call, folder),
    plan,
    ...more,
  })
  if (status > 202) throw new Error(JSON.stringify(body))
  return body as MigrationDetails
}

const read = async (id: string) => (await call('GET', `/v1/migrations/${id}`)).body as MigrationDetails

function takeWork(): MigrationWork[] {
  const taken = hive.wakes.filter((wake) => 'step' in wake)
  hive.wakes = []
  return taken.map((wake) => MigrationWork.parse(wake))
}

/** Runs functions until nothing is queued; gives how many ran. */
async function workAll(remainingMs = ample): Promise<number> {
  let turns = 0
  for (let work = takeWork(); work.length > 0; work = takeWork()) {
    for (const one of work) {
      await workMigration(hive, one, remainingMs)
      if (++turns > 500) throw new Error('it does not come to an end')
    }
  }
  return turns
}

const count = async (table: string) => Number((await client.query(`SELECT count(*) FROM ${table}`)).rows[0].count)

describe('the steps of a migration', () => {
  it('come to the same however short their time is', async () => {
    database('load.db', points(23_456))
    const run = await start(planOf({ 'load.db': [asMetrics] }))
    // whoever has no time left stops after one batch
    const turns = await workAll(() => 0)
    const { state, rows, verification, step } = await read(run.id)
    expect(turns).toBeGreaterThan(8)
    expect({ state, step }).toEqual({ state: 'complete', step: null })
    expect(rows).toEqual({ total: 23_456, done: 23_456, migrated: 23_456, legacy: 0, rejected: 0 })
    expect(verification).toMatchObject({ ended: true, verified: true, source: 23_456, moved: 23_456 })
    const { rows: found } = await client.query('SELECT count(*)::int, sum(value) FROM agent_metrics')
    expect(found[0]).toEqual({ count: 23_456, sum: (23_456 * 23_457) / 16 })
  }, 60_000)

  it('come to the same when each message comes three times at once', async () => {
    database('load.db', points(12_000))
    database('more.db', points(7_000))
    const run = await start(planOf({ 'load.db': [asMetrics], 'more.db': [legacy('points')] }))
    let turns = 0
    for (let work = takeWork(); work.length > 0; work = takeWork()) {
      const distinct = new Map(work.map((one) => [JSON.stringify(one), one]))
      const thrice = [...distinct.values()].flatMap((one) => [one, one, one])
      await Promise.all(thrice.map((one) => workMigration(hive, one, () => (++turns % 5 === 0 ? 0 : 900_000))))
    }
    expect(await read(run.id)).toMatchObject({
      state: 'complete',
      step: null,
      rows: { done: 19_000, migrated: 12_000, legacy: 7_000 },
      verification: { verified: true, source: 19_000, moved: 19_000 },
    })
    expect(await count('agent_metrics')).toBe(12_000)
    expect(await count('legacy_rows')).toBe(7_000)
  }, 60_000)

  it('move what is in a -wal only', async () => {
    const open = database('live.db', 'PRAGMA journal_mode = WAL; CREATE TABLE notes (text); ', true)
    open.exec("INSERT INTO notes VALUES ('only in the wal'), (x'00ff')")
    const run = await start(planOf({ 'live.db': [legacy('notes')] }))
    open.close()
    await workAll()
    expect(await read(run.id)).toMatchObject({
      state: 'complete',
      rows: { legacy: 2 },
      verification: { verified: true },
    })
  })

  it('go on with other tables and files when one is at fault, and say so', async () => {
    database('good.db', points(100))
    database('large.db', 'CREATE TABLE blobs (b); INSERT INTO blobs VALUES (zeroblob(51000000))')
    database('empty.db', '')
    const plan = planOf({ 'good.db': [asMetrics] })
    plan.files.push({ path: 'large.db', unreadable: 'too large', tables: [] })
    plan.files.push({ path: 'empty.db', unreadable: 'empty', tables: [] })
    const run = await start(plan)
    await workAll()
    expect(await read(run.id)).toMatchObject({ state: 'complete', rows: { migrated: 100 } })
    const { items } = (await call('GET', `/v1/migrations/${run.id}/tables`)).body as {
      items: { file: string; fault: string }[]
    }
    const faults = Object.fromEntries(items.map(({ file, fault }) => [file, fault]))
    expect(faults['large.db']).toMatch(/^too large: \d+ bytes; the command, hive migrate run/)
    expect(faults['empty.db']).toMatch(/^empty:/)
  })

  it('refuse a plan that does not fit before a row is moved, with every problem', async () => {
    database('load.db', points(10))
    const run = await start(planOf({ 'load.db': [{ ...asMetrics, name: 'pints' }], 'none.db': [] }))
    await workAll()
    const { state, fault, problems } = await read(run.id)
    expect(state).toBe('failed')
    expect(fault).toContain('nothing was written')
    expect(problems.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['files[0].tables[0].name', 'files[0].tables', 'files[1].path']),
    )
    expect(await count('migration_tables')).toBe(0)
  })

  it('refuse files whose content has changed since they were moved, unless it is meant', async () => {
    database('load.db', points(10))
    const first = await start(planOf({ 'load.db': [legacy('points')] }))
    await workAll()
    database('load.db', 'DELETE FROM points WHERE id = 1')
    const second = await start(planOf({ 'load.db': [legacy('points')] }))
    await workAll()
    const refused = { field: 'load.db', message: `has changed since run ${first.id} moved it` }
    expect(await read(second.id)).toMatchObject({ state: 'failed', problems: [refused] })
    const third = await start(planOf({ 'load.db': [legacy('points')] }), { as_new: true })
    await workAll()
    expect(await read(third.id)).toMatchObject({ state: 'complete', rows: { legacy: 9 } })
  })

  it('let one of two runs over the same files begin, when both are prepared at once', async () => {
    database('load.db', points(3_000))
    const runs = [
      await start(planOf({ 'load.db': [asMetrics] })),
      await start({ ...planOf({ 'load.db': [asMetrics] }), zone: 'Europe/Berlin' }),
    ]
    await Promise.all(takeWork().map((one) => workMigration(hive, one, ample)))
    await workAll()
    const states = await Promise.all(runs.map(async ({ id }) => (await read(id)).state))
    expect(states.sort()).toEqual(['complete', 'failed'])
    expect(await count('agent_metrics')).toBe(3_000)
    const failed = (await Promise.all(runs.map(({ id }) => read(id)))).find(({ state }) => state === 'failed')
    expect(failed?.problems).toMatchObject([
      { field: 'load.db', message: expect.stringContaining('is being moved by run') },
    ])
  })

  it('say when the snapshot has gone from the bucket, and go on when it is there again', async () => {
    database('load.db', points(10_001))
    const plan = planOf({ 'load.db': [asMetrics] })
    const run = await start(plan)
    const [prepare] = takeWork()
    if (!prepare) throw new Error('nothing was queued')
    await workMigration(hive, prepare, ample)
    const { objects } = hive
    hive.objects = { ...objects, list: async (prefix) => (prefix.startsWith('snapshots/') ? [] : objects.list(prefix)) }
    await workAll()
    const { state, fault, upload } = await read(run.id)
    expect(state).toBe('failed')
    expect(fault).toContain('not in the bucket any more')
    hive.objects = objects
    const again = await call('POST', '/v1/migrations', { upload, plan })
    expect([again.status, (again.body as MigrationDetails).id]).toEqual([202, run.id])
    await workAll()
    expect(await read(run.id)).toMatchObject({ state: 'complete', fault: null, verification: { verified: true } })
    expect(await count('agent_metrics')).toBe(10_001)
  })

  it('measure a run whose rows are not those of its upload', async () => {
    database('load.db', points(50))
    const run = await start(planOf({ 'load.db': [legacy('points')] }))
    await workAll()
    expect(measured.filter((one) => 'MigrationVerifyFailed' in one)).toEqual([])
    await client.query('DELETE FROM legacy_rows WHERE row = 7')
    await call('POST', `/v1/migrations/${run.id}/verify`)
    await workAll()
    expect((await read(run.id)).verification).toMatchObject({ verified: false, differences: [{ row: 7 }] })
    expect(measured.filter((one) => 'MigrationVerifyFailed' in one)).toMatchObject([
      { MigrationVerifyFailed: 1, run: run.id },
    ])
  })

  it('stop where they are when the run is rolled back, and leave nothing', async () => {
    database('load.db', points(30_000))
    const run = await start(planOf({ 'load.db': [asMetrics] }))
    for (const one of [...takeWork(), { step: 'move', run: run.id } as const]) await workMigration(hive, one, ample)
    const move = takeWork().find((one) => 'table' in one && one.table !== undefined)
    if (!move) throw new Error('nothing was queued')
    await workMigration(hive, move, () => 0)
    expect(await count('agent_metrics')).toBeGreaterThan(0)
    const behind = takeWork()
    await call('POST', `/v1/migrations/${run.id}/rollback`)
    await workAll()
    for (const late of behind) await workMigration(hive, late, ample)
    expect(await read(run.id)).toMatchObject({ state: 'rolled back', rows: { total: 30_000 } })
    expect(await count('agent_metrics')).toBe(0)
  })

  it('stand back for a command that moves at the same time, and it for them', async () => {
    database('load.db', points(20_000))
    const plan = planOf({ 'load.db': [asMetrics] })
    await start(plan)
    await client.query('SELECT pg_advisory_lock(4872219632)')
    const [prepare] = takeWork()
    if (!prepare) throw new Error('nothing was queued')
    await workMigration(hive, prepare, ample)
    expect(hive.wakes).toEqual([{ ...prepare, delayMs: 5_000 }])
    await client.query('SELECT pg_advisory_unlock(4872219632)')
    await workMigration(hive, prepare, ample)
    for (const begin of takeWork()) await workMigration(hive, begin, ample)
    const [move] = takeWork()
    if (!move) throw new Error('nothing was queued')
    await workMigration(hive, move, () => 0)
    const other = { ...plan, zone: 'Europe/Berlin' }
    const moving = runMigration(client, { folder, plan: other, id: crypto.randomUUID() })
    await expect(moving).rejects.toMatchObject({ code: 'migration.unfinished' })
    await workAll()
    expect(await count('agent_metrics')).toBe(20_000)
  })
})

describe('the schedule', () => {
  const everyMs = 300_000
  /** Not within the first minutes of an hour, in which Postgres is asked in any case. */
  const half = Math.floor(Date.now() / 3_600_000) * 3_600_000 + 1_800_000

  it('begins a step again of which nothing was heard, and nothing before', async () => {
    database('load.db', points(10))
    hive.queueDown = true
    const run = await start(planOf({ 'load.db': [asMetrics] }))
    hive.queueDown = false
    expect(await reviveMigrations(hive, 0)).toEqual({ woken: 0, given_up: 0 })
    await client.query("UPDATE migration_runs SET heard_at = now() - interval '1 hour'")
    await noteMigrations(hive, [{ run: run.id, at: 1 }])
    expect(await reviveMigrations(hive, 0)).toEqual({ woken: 1, given_up: 0 })
    await workAll()
    expect(await read(run.id)).toMatchObject({ state: 'complete' })
    await noteMigrations(hive, [{ run: run.id, at: 1 }])
    expect(await reviveMigrations(hive, 0)).toEqual({ woken: 0, given_up: 0 })
    expect(await hive.bus.ask((redis) => redis.zcard(hive.bus.keys.migrations))).toBe(0)
  })

  it('finds it once an hour without Redis having been told', async () => {
    database('load.db', points(10))
    hive.queueDown = true
    await start(planOf({ 'load.db': [asMetrics] }))
    hive.queueDown = false
    await hive.bus.ask((redis) => redis.del(hive.bus.keys.migrations))
    await client.query("UPDATE migration_runs SET heard_at = now() - interval '1 hour'")
    now = half
    expect(await reviveMigrations(hive, everyMs)).toEqual({ woken: 0, given_up: 0 })
    now = half + 1_800_000
    expect(await reviveMigrations(hive, everyMs)).toEqual({ woken: 1, given_up: 0 })
  })

  it('gives a step up that gets nowhere, saying so', async () => {
    database('load.db', points(10))
    const run = await start(planOf({ 'load.db': [asMetrics] }))
    for (let turn = 0; turn < 6; turn++) {
      await client.query("UPDATE migration_runs SET heard_at = now() - interval '1 hour'")
      await noteMigrations(hive, [{ run: run.id, at: 1 }])
      expect(await reviveMigrations(hive, 0)).toEqual(turn < 5 ? { woken: 1, given_up: 0 } : { woken: 0, given_up: 1 })
      hive.wakes = []
    }
    expect(measured).toMatchObject([{ MigrationGivenUp: 1, run: run.id }])
    const { state, step, fault } = await read(run.id)
    expect({ state, step }).toEqual({ state: 'failed', step: null })
    expect(fault).toBe('the step "prepare" was begun again 5 times and got nowhere')
  })

  it('begins what is planned when its time has come', async () => {
    database('load.db', points(10))
    const start_at = new Date(Date.now() + 3_600_000).toISOString()
    const run = await start(planOf({ 'load.db': [asMetrics] }), { start_at })
    expect(run).toMatchObject({ state: 'planned', start_at })
    expect(hive.wakes).toEqual([])
    expect(await reviveMigrations(hive, 0)).toEqual({ woken: 0, given_up: 0 })
    await client.query("UPDATE migration_runs SET start_at = now() - interval '1 second'")
    await noteMigrations(hive, [{ run: run.id, at: 1 }])
    expect(await reviveMigrations(hive, 0)).toEqual({ woken: 1, given_up: 0 })
    await workAll()
    expect(await read(run.id)).toMatchObject({ state: 'complete', rows: { migrated: 10 } })
  })
})
