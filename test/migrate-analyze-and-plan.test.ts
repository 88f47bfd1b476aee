import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { FolderReport } from '../core/migration/analyze/report.ts'
import type { Plan } from '../core/migration/plan/plan.ts'
import { command } from './command.ts'

const data = join(import.meta.dirname, 'data', 'sqlite')
const agentHive = join(data, 'agent-hive')
const newFolder = () => mkdtempSync(join(tmpdir(), 'hive-plan-'))
// nothing answers there: these commands need no hive
const hive = (...args: string[]) => command({ url: 'http://127.0.0.1:9', adminKey: 'none' }, ['migrate', ...args])

const hashes = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => [
      entry.name,
      createHash('sha256')
        .update(readFileSync(join(entry.parentPath, entry.name)))
        .digest('hex'),
    ])

it('analyses a folder as a table and as JSON, and leaves its files as they are', async () => {
  const before = hashes(data)
  const told = await hive('analyze', data)
  expect(told).toMatchObject({ code: 0 })
  expect(told.stdout).toMatch(/sqlittle-zerolength\.sqlite +empty/)
  expect(told.stdout).toMatch(/products +qty +1 +texts in a column of numbers +lots-of-it/)
  expect(told.stdout).toMatch(/40 files \(5 cannot be read\), \d+ tables, \d+ rows\n$/)
  expect(told.stderr).toMatch(/claudeflow-airmcp-memory\.db: it is in WAL mode and no claudeflow-airmcp-memory\.db-wal/)
  const report = (await hive('analyze', data, '--json')).json<FolderReport>()
  expect(report.totals).toMatchObject({ files: 40, unreadable: 5 })
  expect(hashes(data)).toEqual(before)
})

it('plans a folder, and takes the plan back after it was changed', async () => {
  const file = join(newFolder(), 'plan.json')
  const written = await hive('plan', agentHive, '--out', file, '--zone', 'Europe/Berlin', '--agent', 'fleet')
  expect(written).toMatchObject({ code: 0, stderr: '' })
  expect(written.stdout).toMatch(/monitoring\.db +metrics +agent_metrics +known: /)
  const plan = JSON.parse(readFileSync(file, 'utf8')) as Plan
  expect(plan).toMatchObject({ version: 1, zone: 'Europe/Berlin' })
  const metrics = plan.files.find(({ path }) => path === 'monitoring.db')?.tables[0]
  expect(metrics).toMatchObject({ columns: { agent_name: { rule: 'constant', value: 'fleet' } } })
  expect((await hive('plan', agentHive, '--check', file, '--json')).json()).toEqual(plan)

  const again = await hive('plan', agentHive, '--out', file)
  expect(again).toMatchObject({ code: 2, stdout: '' })
  expect(again.stderr).toMatch(/plan\.json cannot be written: it is there already/)

  writeFileSync(
    file,
    JSON.stringify(plan).replaceAll('"metric_name"', '"metric"').replace('"Europe/Berlin"', '"Berlin"'),
  )
  const refused = await hive('plan', agentHive, '--check', file)
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toMatch(/^hive: the plan has 3 problems; nothing was written; zone: must be UTC, an offset/)
  expect(refused.stderr).toMatch(/files\[\d+\]\.tables\[0\]\.columns\.metric_type\.from: names the column "metric"/)
  expect(refused.stderr).toMatch(/code migration\.plan_invalid\n$/)
})

it('takes a plan that begins with a mark, and names one that is no JSON', async () => {
  const file = join(newFolder(), 'plan.json')
  await hive('plan', agentHive, '--out', file)
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, `\ufeff${text}`)
  expect(await hive('plan', agentHive, '--check', file)).toMatchObject({ code: 0 })
  writeFileSync(file, text.replace('"files":', '"files",'))
  const refused = await hive('plan', agentHive, '--check', file)
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/plan\.json is not a plan: the text is not JSON: see position \d+/),
  })
})

it('prints the plan where no file is named', async () => {
  const printed = await hive('plan', agentHive)
  expect(printed.json<Plan>().files).toHaveLength(12)
})

it.each([
  ['a folder that is not there', () => ['analyze', join(newFolder(), 'nothing')], 'cannot be read'],
  ['a file', () => ['analyze', join(data, 'pgloader-sqlite.db')], 'is a file: give the folder it is in'],
  ['a folder without databases', () => ['plan', newFolder()], 'there is no file called .db'],
  ['a zone that is none', () => ['plan', agentHive, '--zone', 'Mars'], 'must be UTC'],
  ['a plan that is not there', () => ['plan', agentHive, '--check', join(newFolder(), 'x.json')], 'cannot be read'],
  ['a plan to check and one to write', () => ['plan', agentHive, '--check', 'a', '--out', 'b'], 'leave out --out'],
])('says what is wrong with %s', async (_, args, said) => {
  const answer = await hive(...args())
  expect(answer).toMatchObject({ code: 2, stdout: '' })
  expect(answer.stderr).toContain(said)
})

it.for([
  ['plan', '--out'],
  ['plan', '--check'],
  ['run', '--dry-run', '--plan'],
  ['cloud', '--plan'],
] as const)('tells what it leaves out before it does anything: %s %s', async ([name, ...options]) => {
  const folder = newFolder()
  copyFileSync(join(agentHive, 'monitoring.db'), join(folder, 'monitoring.db'))
  const file = join(newFolder(), 'plan.json')
  if (options[0] !== '--out') await hive('plan', folder, '--out', file)
  mkdirSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]))
  const why = '\ufffd: left out: its name is not UTF-8: rename it'
  const told = await hive(name, folder, ...options, file)
  expect(told.stderr.split('\n')[0]).toBe(why)
  if (options[0] === '--out') rmSync(file)
  const { stderr } = await hive(name, folder, ...options, file, '--json')
  expect(JSON.parse(stderr.split('\n')[0] ?? '')).toEqual({ code: 'warning', detail: why })
})
