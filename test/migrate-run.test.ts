import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import type { RunSummary } from '../core/migration/moved/list-runs.ts'
import type { RunResult } from '../core/migration/run/run-migration.ts'
import { borrow } from './borrow.ts'
import { command } from './command.ts'

const agentHive = join(import.meta.dirname, 'data', 'sqlite', 'agent-hive')
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hive-moved-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
const hive = (...args: string[]) => command({ url: 'http://127.0.0.1:9', adminKey: 'none' }, ['migrate', ...args])

it('moves a folder, proves it, builds it again, and rolls it back', async () => {
  const { databaseUrl } = JSON.parse(await borrow('database')) as { databaseUrl: string }
  const at = ['--postgres', databaseUrl]
  const folder = newFolder()
  const plan = join(folder, 'plan.json')
  await hive('plan', agentHive, '--out', plan)

  const tried = await hive('run', agentHive, '--plan', plan, '--dry-run')
  expect(tried).toMatchObject({ code: 0 })
  expect(tried.stdout).toMatch(/agent_capabilities.db +agent_capabilities +36 +36 +0 +0/)
  expect((await hive('status', ...at)).stdout).toBe('no runs\n')

  const moved = await hive('run', agentHive, '--plan', plan, ...at)
  expect(moved).toMatchObject({ code: 0 })
  expect(moved.stdout).toMatch(/run \S+ is complete: \d+ rows = \d+ migrated \+ \d+ legacy \+ \d+ rejected/)
  const { runs } = (await hive('status', ...at, '--json')).json<{ runs: RunSummary[] }>()
  expect(runs).toMatchObject([{ state: 'complete' }])
  const run = runs[0]?.id ?? ''
  expect((await hive('status', run, ...at)).stdout).toMatch(/agent_capabilities +done +36 +36 +0 +0/)
  expect((await hive('rejects', run, ...at)).stdout).toBe('no rows were rejected\n')

  const verified = await hive('verify', run, agentHive, ...at)
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringMatching(/^verified: \d+ source rows/) })
  const rebuilt = await hive('rebuild', run, join(folder, 'rebuilt'), ...at)
  expect(rebuilt).toMatchObject({ code: 0, stdout: expect.stringMatching(/monitoring\.db +\d+ +0/) })
  const twice = await hive('rebuild', run, join(folder, 'rebuilt'), ...at)
  expect(twice).toMatchObject({ code: 1, stdout: expect.stringContaining('the file is there already') })

  const again = await hive('run', agentHive, '--plan', plan, ...at)
  expect(again).toMatchObject({ code: 0 })
  const [, second = ''] = /run (\S+) is complete: nothing was left to move/.exec(again.stdout) ?? []
  expect(again.stdout).toContain(`tables had been moved before, by run ${run}`)
  // what another run has moved is compared with what that one moved
  expect((await hive('verify', second, agentHive, ...at)).stdout).toMatch(/^verified: [1-9]\d* source rows/)

  expect((await hive('rollback', run, ...at)).stdout).toMatch(/^rolled back: \d+ rows removed/)
  expect((await hive('status', run, ...at)).stdout).toMatch(/\n\nrun \S+ is rolled back\n$/)
  expect((await hive('rejects', run, ...at)).stdout).toContain('was rolled back')
  const nothing = await hive('rebuild', run, join(folder, 'nothing'), ...at)
  expect(nothing).toMatchObject({ code: 1, stderr: expect.stringContaining('migration.state') })
  const gone = await hive('verify', run, agentHive, ...at)
  expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('is not verified') })
  expect(await hive('verify', 'none', agentHive, ...at)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('migration.unknown'),
  })
}, 60_000)

it('fails when it moved nothing, and when the plan does not fit, before anything is written', async () => {
  const { databaseUrl } = JSON.parse(await borrow('database')) as { databaseUrl: string }
  const at = ['--postgres', databaseUrl]
  const plan = join(newFolder(), 'plan.json')
  await hive('plan', agentHive, '--out', plan)
  const text = readFileSync(plan, 'utf8')
  writeFileSync(plan, text.replaceAll('"metric_name"', '"metric"'))
  const refused = await hive('run', agentHive, '--plan', plan, ...at)
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing was written') })
  expect((await hive('status', ...at)).stdout).toBe('no runs\n')

  const empty = newFolder()
  copyFileSync(join(agentHive, 'monitoring.db'), join(empty, 'monitoring.db'))
  const ofEmpty = join(empty, 'plan.json')
  await hive('plan', empty, '--out', ofEmpty)
  const nothing = await hive('run', empty, '--plan', ofEmpty, ...at, '--json')
  expect(nothing.code).toBe(1)
  expect(nothing.json<RunResult>()).toMatchObject({
    state: 'failed',
    fault: expect.stringContaining('no row was moved'),
  })
}, 60_000)

it('says what it cannot work with, and names it', async () => {
  const { databaseUrl } = JSON.parse(await borrow('database')) as { databaseUrl: string }
  const nobody = await hive('status', '--postgres', 'postgresql://127.0.0.1:1/hive')
  expect(nobody).toMatchObject({ code: 3, stderr: expect.stringContaining('Postgres at 127.0.0.1:1 does not answer') })
  const other = new URL(databaseUrl)
  other.pathname = '/no-such-database'
  const refused = await hive('status', '--postgres', other.href)
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/refuses: .*no-such-database/) })

  const folder = newFolder()
  const plan = join(folder, 'plan.json')
  writeFileSync(plan, '{')
  const unread = await hive('plan', agentHive, '--check', plan)
  expect(unread).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`${plan} is not a plan: the text is not JSON`),
  })
  const nowhere = await hive('verify', 'none', join(folder, 'nowhere'), '--postgres', databaseUrl)
  expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('nowhere cannot be read') })
}, 60_000)

it('shows people of a large value its beginning, and nothing that acts on their terminal', async () => {
  const { databaseUrl } = JSON.parse(await borrow('database')) as { databaseUrl: string }
  const at = ['--postgres', databaseUrl]
  const source = newFolder()
  const database = new DatabaseSync(join(source, 'a.db'))
  const value = `\u001b[2J\u009b\n${'x'.repeat(900_000)}`
  database.exec('CREATE TABLE "odd\u202e\n" (metric_name TEXT, value, timestamp TEXT)')
  for (const one of [1, 2, 3, value])
    database.prepare('INSERT INTO "odd\u202e\n" VALUES (?, ?, ?)').run('m', one, '2026-01-01')
  database.close()
  const plan = join(newFolder(), 'plan.json')
  await hive('plan', source, '--out', plan)
  // what is not all numbers is not suggested as metrics
  const measured = {
    target: 'agent_metrics',
    columns: {
      agent_name: { rule: 'constant', value: 'a' },
      metric_type: { rule: 'copy', from: 'metric_name' },
      value: { rule: 'copy', from: 'value' },
      timestamp: { rule: 'timestamp', from: 'timestamp', unit: 'iso' },
    },
  }
  writeFileSync(plan, readFileSync(plan, 'utf8').replace('"target": "legacy"', JSON.stringify(measured).slice(1, -1)))
  const beginning = '\\u{1b}[2J\\u{9b}\\u{a}xxx'
  const tried = await hive('run', source, '--plan', plan, '--dry-run')
  const moved = await hive('run', source, '--plan', plan, ...at, '--json')
  const { run } = moved.json<RunResult>()
  const rejects = await hive('rejects', run, ...at)
  for (const { stdout } of [tried, rejects]) {
    expect(stdout).toContain('odd\\u{202e}\\u{a}')
    expect(stdout).toContain(beginning)
    expect(stdout).toContain('x… (900006 characters)')
    expect(stdout).toMatch(/^[\n -~…“”’]{0,2000}$/)
  }
  const exact = await hive('rejects', run, ...at, '--json')
  expect(exact.stdout).toMatch(/^[\n -~]+$/)
  expect(exact.json<{ rejects: object[] }>().rejects).toMatchObject([{ table: 'odd\u202e\n', value }])
}, 60_000)

it('says when there are more rejected rows than it shows', async () => {
  const { databaseUrl } = JSON.parse(await borrow('database')) as { databaseUrl: string }
  const at = ['--postgres', databaseUrl]
  const source = newFolder()
  const database = new DatabaseSync(join(source, 'a.db'))
  database.exec(`CREATE TABLE metrics (id INTEGER, metric_name TEXT, value, timestamp TEXT);
    INSERT INTO metrics SELECT value, 'm', CASE WHEN value > 2 THEN 'none' ELSE value END, '2026-01-01'
    FROM json_each('[1, 2, 3, 4, 5]')`)
  database.close()
  const plan = join(newFolder(), 'plan.json')
  await hive('plan', source, '--out', plan)
  const moved = await hive('run', source, '--plan', plan, ...at, '--json')
  const { run } = moved.json<RunResult>()
  const first = await hive('rejects', run, ...at, '--limit', '2')
  expect(first.stdout).toMatch(/ 2 .* none .*\n.* 3 .* none .*\n\nthere are more: --after 2/)
  const rest = await hive('rejects', run, ...at, '--limit', '2', '--after', '2', '--json')
  expect(rest.json()).toMatchObject({ rejects: [{ row: 4, column: 'value', value: 'none' }], more: false })
}, 60_000)
