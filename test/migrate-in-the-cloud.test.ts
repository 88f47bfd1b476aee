import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { analyzeFolder } from '../core/migration/analyze/analyze-folder.ts'
import { readFolder } from '../core/migration/analyze/reading/read-folder.ts'
import type { Plan } from '../core/migration/plan/plan.ts'
import { suggestPlan } from '../core/migration/plan/suggest/suggest-plan.ts'
import type { AuditRow } from '../core/records/audit-repository.ts'
import type { MigrationDetails, MigrationReject, MigrationTable } from '../core/records/migrations-repository.ts'
import type { Page } from '../core/records/page.ts'
import type { Cloud } from '../scripts/local/cloud.ts'
import { command } from './command.ts'
import { type HttpCall, httpCaller } from './http-call.ts'
import { testCloud } from './test-cloud.ts'
import { uploadFolder } from './upload-folder.ts'

const samples = join(import.meta.dirname, 'data', 'sqlite')

let cloud: Cloud
let call: HttpCall
let client: pg.Client
let plan: Plan
let upload: string

beforeAll(async () => {
  cloud = await testCloud()
  call = httpCaller(cloud.url, cloud.adminKey)
  client = new pg.Client({ connectionString: cloud.databaseUrl })
  await client.connect()
  plan = suggestPlan(await analyzeFolder(samples, readFolder(samples)), { zone: 'UTC', agent: 'unknown' })
  upload = await uploadFolder(call, samples)
}, 120_000)
afterAll(async () => {
  await client?.end()
  await cloud?.stop()
})

const read = async (id: string) => (await call('GET', `/v1/migrations/${id}`)).body as MigrationDetails

/** The run once nothing of it is queued or under way any more. */
async function ended(id: string): Promise<MigrationDetails> {
  await expect.poll(async () => (await read(id)).step, { timeout: 100_000, interval: 200 }).toBeNull()
  return read(id)
}

async function all<Item>(path: string, limit: number): Promise<Item[]> {
  const items: Item[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await call('GET', `${path}?limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`)
    const page = body as Page<Item>
    items.push(...page.items)
    cursor = page.next_cursor
  }
  return items
}

const added = async () => {
  const counts = ['agent_metrics', 'agent_capabilities', 'security_events', 'agent_conversations', 'legacy_rows'].map(
    (name) => `(SELECT count(*) FROM ${name})`,
  )
  return Number((await client.query(`SELECT ${counts.join(' + ')} AS rows`)).rows[0].rows)
}

describe('a migration in the cloud', () => {
  let run: string

  it('moves every sample, ends verified, and tells what became of each table', async () => {
    const started = await call('POST', '/v1/migrations', { upload, plan })
    expect(started.status).toBe(202)
    run = (started.body as MigrationDetails).id
    const { state, fault, rows, verification } = await ended(run)
    expect(fault).toBeNull()
    expect(state).toBe('complete')
    expect(rows.done).toBe(rows.migrated + rows.legacy + rows.rejected)
    expect(verification).toMatchObject({ ended: true, verified: true, differences: [], more: 0 })
    expect(verification?.source).toBe(rows.done)
    expect(verification?.moved).toBe(rows.done)

    const tables = await all<MigrationTable>(`/v1/migrations/${run}/tables`, 7)
    const planned = plan.files.flatMap((file) => file.tables.filter(({ target }) => target !== 'skip'))
    expect(tables.filter(({ table }) => table !== null)).toHaveLength(planned.length)
    expect(tables.reduce((sum, table) => sum + table.rows.done, 0)).toBe(rows.done)
    expect(tables.filter(({ table }) => table === null).map(({ file }) => file)).toEqual(
      plan.files.filter(({ unreadable }) => unreadable !== undefined).map(({ path }) => path),
    )
    for (const { state: one, rows: counts } of tables) {
      if (one === 'done' && counts.total !== null) expect(counts.done).toBe(counts.total)
    }
    const rejects = await all<MigrationReject>(`/v1/migrations/${run}/rejects`, 50)
    expect(rejects).toHaveLength(rows.rejected)
    for (const { reason } of rejects) expect(reason).not.toBe('')
  }, 120_000)

  it('adds nothing when it is asked for again', async () => {
    const before = await added()
    const again = await call('POST', '/v1/migrations', { upload, plan })
    expect(again.status).toBe(200)
    expect(again.body).toMatchObject({ id: run, state: 'complete', step: null })
    expect(await added()).toBe(before)
  })

  it('adds nothing as another run over the same files, which it says', async () => {
    const before = await added()
    const second = await uploadFolder(call, samples)
    const { body } = await call('POST', '/v1/migrations', { upload: second, plan })
    const other = (body as MigrationDetails).id
    expect(other).not.toBe(run)
    expect(await ended(other)).toMatchObject({ state: 'complete', fault: null, rows: { done: 0 } })
    expect(await added()).toBe(before)
    const tables = await all<MigrationTable>(`/v1/migrations/${other}/tables`, 1_000)
    expect(new Set(tables.map(({ state }) => state))).toEqual(new Set(['moved before', 'cannot be read']))
  })

  it('finds a row that was changed since, and refuses to roll it back', async () => {
    await client.query(`UPDATE agent_capabilities SET proficiency_level = proficiency_level % 10 + 1
      WHERE id = (SELECT min(id) FROM agent_capabilities)`)
    expect((await call('POST', `/v1/migrations/${run}/verify`)).status).toBe(202)
    const { verification } = await ended(run)
    expect(verification).toMatchObject({ ended: true, verified: false })
    expect(verification?.differences).toEqual([
      { file: expect.any(String), table: expect.any(String), row: 0, what: expect.stringContaining('what was moved') },
    ])
    expect((await call('POST', `/v1/migrations/${run}/rollback`)).status).toBe(202)
    const refused = await ended(run)
    expect(refused.state).toBe('complete')
    expect(refused.fault).toContain('changed since')
    expect(refused.problems).toHaveLength(1)
    await client.query(`UPDATE agent_capabilities SET proficiency_level = (proficiency_level + 8) % 10 + 1
      WHERE id = (SELECT min(id) FROM agent_capabilities)`)
    await call('POST', `/v1/migrations/${run}/verify`)
    expect((await ended(run)).verification).toMatchObject({ verified: true, differences: [] })
  }, 120_000)

  it('is rolled back to nothing, and can then be moved anew', async () => {
    expect((await call('POST', `/v1/migrations/${run}/rollback`)).status).toBe(202)
    expect(await ended(run)).toMatchObject({ state: 'rolled back', fault: null, verification: null })
    expect(await added()).toBe(0)
    expect((await call('POST', `/v1/migrations/${run}/rollback`)).body).toMatchObject({ code: 'migration.state' })
    expect((await call('POST', `/v1/migrations/${run}/verify`)).body).toMatchObject({ code: 'migration.state' })

    const anew = await call('POST', '/v1/migrations', { upload, plan })
    expect(anew.status).toBe(202)
    expect(anew.body).not.toMatchObject({ id: run })
    expect(await ended((anew.body as MigrationDetails).id)).toMatchObject({ state: 'complete' })
  }, 120_000)

  it('is in the audit log, with who asked for it', async () => {
    const entries = await all<AuditRow>('/v1/audit-logs', 100)
    const ours = entries.filter(({ target }) => target === run).map(({ action, actor }) => [action, actor])
    expect(ours.reverse()).toEqual([
      ['migration.start', 'config:1'],
      ['migration.verify', 'config:1'],
      ['migration.rollback', 'config:1'],
      ['migration.verify', 'config:1'],
      ['migration.rollback', 'config:1'],
    ])
  })
})

describe('hive migrate cloud', () => {
  let folder: string
  const file = () => join(folder, 'plan.json')
  const cloudCommand = (...more: string[]) =>
    command(cloud, ['migrate', 'cloud', join(folder, 'old'), '--plan', file(), ...more])

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hive-cloud-command-'))
    await mkdir(join(folder, 'old'))
    const database = new DatabaseSync(join(folder, 'old', 'notes.db'))
    database.exec("CREATE TABLE notes (text); INSERT INTO notes VALUES ('one'), ('two'), ('three')")
    database.close()
    const one = { name: 'notes', target: 'legacy' }
    await writeFile(file(), JSON.stringify({ version: 1, zone: 'UTC', files: [{ path: 'notes.db', tables: [one] }] }))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('uploads a folder, follows the run to its end, and says what was proven', async () => {
    const { code, stdout, stderr } = await cloudCommand()
    expect(stderr).toMatch(/uploading notes\.db, \d+ bytes\nrun \S+ of upload \S+/)
    expect(stdout).toMatch(/is complete: 3 rows = 0 migrated \+ 3 legacy \+ 0 rejected/)
    expect(stdout).toContain('verified: 3 source rows, 3 moved rows compared')
    expect(code).toBe(0)
  }, 60_000)

  it('is told when another run stands in the way, and fails', async () => {
    const database = new DatabaseSync(join(folder, 'old', 'notes.db'))
    database.exec("INSERT INTO notes VALUES ('four')")
    database.close()
    const refused = await cloudCommand()
    expect(refused.code).toBe(1)
    expect(refused.stdout).toContain('has changed since run')
    const meant = await cloudCommand('--as-new', '--json')
    expect(meant.json()).toMatchObject({ state: 'complete', rows: { legacy: 4 }, verification: { verified: true } })
    expect(meant.code).toBe(0)
  }, 60_000)

  it('plans a run for later and does not wait for it', async () => {
    const { code, stdout } = await cloudCommand('--start-at', '2099-01-01T00:00:00Z')
    expect(stdout).toMatch(/^run \S+ begins at 2099-01-01T00:00:00\.000Z/)
    expect(code).toBe(0)
  }, 60_000)
})

describe('what cannot be begun', () => {
  it.each([
    ['an upload of which nothing has arrived', { plan: { version: 1, zone: 'UTC', files: [] } }, 422, 'upload'],
    ['a plan that cannot be read', { plan: { version: 2, zone: 'UTC', files: [{ path: 'x' }] } }, 422, 'plan.version'],
    ['no plan', {}, 400, 'plan'],
    ['a start without a zone', { plan: {}, start_at: '2026-01-01T00:00:00' }, 400, 'start_at'],
  ])('%s is refused, naming the field', async (_name, given, status, field) => {
    const answer = await call('POST', '/v1/migrations', { upload: '0b9f2c1e-6a51-4c0e-9a57-3f4a3f0f8d11', ...given })
    expect(answer.status).toBe(status)
    expect((answer.body as { errors: { field: string }[] }).errors.map((one) => one.field)).toContain(field)
  })

  it.each(['../up.db', '/root.db', 'a//b.db', 'a/./b.db', 'notes.txt', 'wal-alone-wal', 'nul\0.db', ''])(
    'the path %j is refused',
    async (path) => {
      const { status, body } = await call('POST', '/v1/migrations/uploads', { files: [{ path, bytes: 1 }] })
      expect(status).toBe(400)
      expect(new Set((body as { errors: { field: string }[] }).errors.map(({ field }) => field))).toEqual(
        new Set(['files[0].path']),
      )
    },
  )
})
