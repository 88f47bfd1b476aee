import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RunResult } from '../core/migration/run/run-migration.ts'
import { borrow } from './borrow.ts'

const isFull = process.env.HIVE_TEST_FULL === '1'
/** What a process may hold besides the values of one row; more where others keep the garbage collector waiting. */
const base = isFull ? 200_000_000 : 270_000_000
const beside = 40_000_000
const timeout = isFull ? 900_000 : 120_000

// as npm run hive has them: young garbage holds many times its size outside of the heap
const { scripts } = createRequire(import.meta.url)('../package.json') as { scripts: { hive: string } }
const flags = scripts.hive.split(' ').slice(1, -1)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hive-memory-'))
  mkdirSync(join(folder, 'source'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a command on the folder and gives the most memory that it held at once, in bytes. */
async function peakOf(args: string[]): Promise<{ peak: number; stdout: string }> {
  const file = join(folder, 'peak')
  const script = fileURLToPath(new URL('./measured-command.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, 'migrate', ...args], {
    env: { ...process.env, HIVE_PEAK_FILE: file },
  })
  return { peak: Number(readFileSync(file, 'utf8')), stdout }
}

async function movedWithin(most: number): Promise<RunResult> {
  const { databaseUrl } = JSON.parse(await borrow('database')) as { databaseUrl: string }
  const [source, plan] = [join(folder, 'source'), join(folder, 'plan.json')]
  const peaks: Record<string, number> = {}
  peaks.plan = (await peakOf(['plan', source, '--out', plan])).peak
  const run = await peakOf(['run', source, '--plan', plan, '--postgres', databaseUrl, '--json'])
  peaks.run = run.peak
  const result = JSON.parse(run.stdout) as RunResult
  peaks.verify = (await peakOf(['verify', result.run, source, '--postgres', databaseUrl])).peak
  const inMegabytes = Object.entries(peaks).map(([name, peak]) => `${name} ${Math.round(peak / 1e6)} MB`)
  console.log(`${inMegabytes.join(', ')}; a run at most ${Math.round(most / 1e6)} MB`)
  for (const [name, peak] of Object.entries(peaks)) {
    // what was moved is compared beside the source
    expect([name, peak <= most + (name === 'verify' ? beside : 0)]).toEqual([name, true])
  }
  return result
}

it(
  'holds no more than a fixed amount and twice the largest value, however many there are',
  async () => {
    const largest = (isFull ? 200 : 40) * 1_048_576
    const database = new DatabaseSync(join(folder, 'source', 'large.db'))
    database.exec('CREATE TABLE blobs (b BLOB); CREATE TABLE texts (t TEXT)')
    for (let i = 0; i < 3; i++) database.prepare('INSERT INTO blobs VALUES (randomblob(?))').run(largest)
    database.prepare("INSERT INTO texts VALUES (replace(hex(zeroblob(?)), '00', 'ü'))").run(largest / 2)
    database.close()
    const { tables } = await movedWithin(base + 2 * largest)
    expect(tables.map(({ rows, legacy }) => [rows, legacy])).toEqual([
      [3, 3],
      [1, 1],
    ])
  },
  timeout,
)

it(
  'holds no more than a fixed amount, however large a database is',
  async () => {
    const rows = isFull ? 1_000_000 : 40_000
    const database = new DatabaseSync(join(folder, 'source', 'many.db'))
    database.exec(`PRAGMA journal_mode = OFF; CREATE TABLE notes (id INTEGER PRIMARY KEY, a BLOB, b TEXT);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      INSERT INTO notes SELECT i, randomblob(1000), hex(randomblob(500)) FROM n`)
    database.close()
    const { tables } = await movedWithin(base)
    expect(tables).toMatchObject([{ rows, legacy: rows }])
  },
  timeout,
)
