import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { borrow } from '../../../test/borrow.ts'
import { countAll } from '../../../test/moving.ts'
import { analyzeFolder } from '../analyze/analyze-folder.ts'
import { foundFiles } from '../analyze/found-files.ts'
import { readFolder } from '../analyze/reading/read-folder.ts'
import { checkPlan } from '../plan/check-plan.ts'
import type { Plan } from '../plan/plan.ts'
import { suggestPlan } from '../plan/suggest/suggest-plan.ts'
import { runMigration } from '../run/run-migration.ts'
import { anyDatabase, type GeneratedDatabase, makeDatabase } from './arbitrary-databases.ts'
import { type ExactDump, exactDump } from './exact-dump.ts'
import { rebuildRun } from './rebuild-run.ts'
import { rollBack } from './roll-back.ts'
import { verifyRun } from './verify-run.ts'

const full = process.env.HIVE_TEST_FULL === '1'
/** Databases of one folder, moved in one run. */
const perFolder = 30
const folders = full ? 200 : 10
/** The ordinary run makes the same databases each time. To make others, or those of a failure again, give their seed. */
const firstSeed = Number(process.env.HIVE_TEST_SEED ?? (full ? Date.now() % 2 ** 31 : 1))

let client: pg.Client
let home: string

beforeAll(async () => {
  const { databaseUrl } = JSON.parse(await borrow('database')) as { databaseUrl: string }
  client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  home = mkdtempSync(join(tmpdir(), 'hive-generated-'))
})
afterAll(async () => {
  await client.end()
  rmSync(home, { recursive: true, force: true })
})

let made = 0
const total = { databases: 0, rows: 0, migrated: 0, legacy: 0, rejected: 0, statements: 0, refused: 0 }

/** Moves databases there and back as one folder. Gives what is wrong with each, by its place; under -1, with the run. */
async function thereAndBack(databases: readonly GeneratedDatabase[]): Promise<Map<number, string[]>> {
  const folder = join(home, `folder ${++made}`)
  const [sources, rebuilt, copies] = ['sources', 'rebuilt', 'copies'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  for (const name of [sources, copies]) mkdirSync(name, { recursive: true })
  const paths = databases.map((_, at) => `${made}-${at}.db`)
  const faults = new Map<number, string[]>()
  const fault = (path: string, what: string) => {
    const place = paths.indexOf(path)
    faults.set(place, [...(faults.get(place) ?? []), what])
  }
  const before: ExactDump[] = []
  for (const [at, database] of databases.entries()) {
    const path = paths[at] ?? ''
    const { refused } = makeDatabase(join(sources, path), database)
    total.refused += refused.length
    total.statements += database.statements.length
    for (const suffix of ['', '-wal']) {
      if (existsSync(join(sources, path + suffix)))
        copyFileSync(join(sources, path + suffix), join(copies, path + suffix))
    }
    before.push(exactDump(join(copies, path)))
  }
  total.databases += databases.length
  const counted = await countAll(client)

  const report = await analyzeFolder(sources, readFolder(sources))
  for (const { path, state, detail, tables } of report.files) {
    if (state !== 'readable') fault(path, `analysed as ${state}: ${detail}`)
    const rows = before[paths.indexOf(path)]?.rows ?? new Map()
    const names = tables.map(({ name }) => name).sort()
    if (!same(names, [...rows.keys()].sort()))
      fault(path, `analysed with the tables ${names}, not ${[...rows.keys()].sort()}`)
    for (const table of tables) {
      if (table.rows !== rows.get(table.name)?.length)
        fault(path, `analysed with ${table.rows} rows in ${table.name}: ${table.gaps}`)
    }
  }
  const suggested = suggestPlan(report, { zone: 'UTC', agent: 'unknown' })
  const { plan, problems } = checkPlan(
    JSON.parse(JSON.stringify(withPlans(suggested, databases, paths, before))),
    await foundFiles(readFolder(sources)),
  )
  for (const { path, message } of problems) fault('', `the plan: ${path} ${message}`)
  const tables = before.map(({ rows }) => [...rows.values()])
  const nothing = tables.flat(2).length === 0

  const move = () => runMigration(client, { folder: sources, plan, id: crypto.randomUUID() })
  const result = await move()
  if (result.state !== (nothing ? 'failed' : 'complete')) fault('', `the run is ${result.state}: ${result.fault}`)
  for (const { path, fault: said } of result.files) if (said !== undefined) fault(path, said)
  for (const one of result.tables) {
    if (one.state !== 'done') fault(one.file, `${one.table} is ${one.state}: ${one.fault}`)
    const expected = before[paths.indexOf(one.file)]?.rows.get(one.table)?.length
    const sum = one.migrated + one.legacy + one.rejected
    if (one.rows !== expected || sum !== expected) {
      fault(
        one.file,
        `${one.table} has ${expected} rows, and ${one.rows} = ${one.migrated} + ${one.legacy} + ${one.rejected} were moved`,
      )
    }
    total.rows += one.rows
    for (const outcome of ['migrated', 'legacy', 'rejected'] as const) total[outcome] += one[outcome]
  }
  const added = await countAll(client)

  const verified = await verifyRun(client, result.run, sources)
  for (const { file, table, row, what } of verified.differences) fault(file, `verify: ${table} row ${row}: ${what}`)
  if (verified.rows.source !== verified.rows.moved || verified.rows.source !== tables.flat(2).length) {
    fault('', `verify compared ${verified.rows.source} with ${verified.rows.moved} rows`)
  }

  for (const { path, faults: said } of await rebuildRun(client, result.run, rebuilt)) {
    for (const one of said) fault(path, `rebuild: ${one}`)
    const source = before[paths.indexOf(path)]
    if (source) for (const one of differences(source, exactDump(join(rebuilt, path)))) fault(path, `rebuilt: ${one}`)
  }

  if (!nothing) {
    const again = await move()
    for (const { file, table, state } of again.tables)
      if (state !== 'moved before') fault(file, `again: ${table} is ${state}`)
    if (!same(await countAll(client), added)) fault('', 'a second run added rows')
    await rollBack(client, again.run)
  }
  await rollBack(client, result.run)
  if (!same(await countAll(client), counted)) fault('', 'rolling back did not remove exactly what was added')
  rmSync(folder, { recursive: true, force: true })
  return faults
}

/** A suggested plan, with those plans that the databases come with. */
function withPlans(plan: Plan, databases: readonly GeneratedDatabase[], paths: string[], dumps: ExactDump[]): Plan {
  return {
    ...plan,
    files: plan.files.map((file) => {
      const at = paths.indexOf(file.path)
      const tables = file.tables.map((table) => {
        const own = databases[at]?.plans.find(
          ({ sql, plan: { name } }) =>
            name === table.name && dumps[at]?.schema.includes(JSON.stringify(['table', name, name, sql])),
        )
        return own?.plan ?? table
      })
      return { ...file, tables }
    }),
  }
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

function differences(source: ExactDump, rebuilt: ExactDump): string[] {
  const found: string[] = []
  const compare = (what: string, one: string[], other: string[]) => {
    if (same(one, other)) return
    const [lost, come] = [one.filter((entry) => !other.includes(entry)), other.filter((entry) => !one.includes(entry))]
    found.push(
      `${what}: ${lost.length} of ${one.length} lost (${lost.slice(0, 2)}), ${come.length} of ${other.length} new (${come.slice(0, 2)})`,
    )
  }
  if (!same(source.settings, rebuilt.settings))
    found.push(`${JSON.stringify(source.settings)} became ${JSON.stringify(rebuilt.settings)}`)
  compare('the schema', source.schema, rebuilt.schema)
  compare('tables', [...source.rows.keys()].sort(), [...rebuilt.rows.keys()].sort())
  for (const [name, rows] of source.rows) compare(name, rows, rebuilt.rows.get(name) ?? [])
  for (const [name, rows] of source.indexes) compare(`the index ${name}`, rows, rebuilt.indexes.get(name) ?? [])
  return found
}

/** Makes a failing database as small as it gets, alone in a folder. */
async function smallest(seed: number, place: number): Promise<string> {
  const found = await fc.check(
    fc.asyncProperty(anyDatabase, async (database) => {
      const faults = await thereAndBack([database])
      if (faults.size > 0) throw new Error([...faults.values()].flat().join('\n'))
    }),
    { seed, path: String(place), numRuns: perFolder, interruptAfterTimeLimit: 60_000 },
  )
  if (!found.failed) return 'alone in a folder it moves there and back'
  return `path ${found.counterexamplePath}, ${found.numShrinks} times smaller:\n${fc.stringify(found.counterexample)}\n${found.errorInstance}`
}

it.each(Array.from({ length: folders }, (_, i) => firstSeed + i))(
  'databases made from seed %i come back exactly',
  async (seed) => {
    const databases = fc.sample(anyDatabase, { seed, numRuns: perFolder })
    const faults = await thereAndBack(databases)
    const said = [...faults].map(([at, what]) => `database ${at}:\n  ${what.join('\n  ')}`)
    const [first] = [...faults.keys()].filter((at) => at >= 0)
    if (first !== undefined) said.push(`database ${first}: ${await smallest(seed, first)}`)
    expect(said.join('\n'), `HIVE_TEST_SEED=${seed}`).toBe('')
  },
  180_000,
)

it('and they were not trivial', () => {
  console.log(total)
})
