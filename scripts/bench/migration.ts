import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import pg from 'pg'
import { columns } from '../../core/records/columns.ts'
import { migrateSchema } from '../../core/records/migrate-schema.ts'
import type { BenchOptions } from './bench-options.ts'
import { measureRates, type Result, type Side } from './paired.ts'
import type { Stack } from './stack.ts'

const run = promisify(execFile)
const main = join(import.meta.dirname, '..', 'hive', 'main.js')
const { scripts } = createRequire(import.meta.url)('../../package.json') as { scripts: { hive: string } }
const flags = scripts.hive.split(' ').slice(1, -1)

/**
 * Moves one SQLite table, as whole processes, beside pgloader on the same file and the same server: rows kept as they are,
 * which is what pgloader does; and rows that become metrics, for which pgloader needs a statement after it.
 */
export async function benchMigration(
  stack: Stack,
  rounds: number,
  { rows: asked, write, quick }: BenchOptions,
): Promise<Result[]> {
  const rows = quick ? 1_000 : asked
  const version = await run('pgloader', ['--version']).catch(() => undefined)
  if (!version) {
    const missing = 'migration: pgloader is not on this machine (apt-get install pgloader)'
    console.log(`${missing}; ${write ? 'left out, as docs compare with it' : 'measured without it'}`)
    if (write) return []
  }
  const folder = await mkdtemp(join(tmpdir(), 'agent-hive-bench-migration-'))
  const other = await otherDatabase(stack.databaseUrl)
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  try {
    const source = join(folder, 'source')
    await mkdir(source)
    makeSource(join(source, 'monitoring.db'), rows)
    const plans = await writePlans(folder, source)
    const hive = (...args: string[]) =>
      run(process.execPath, [...flags, main, 'migrate', ...args, '--postgres', stack.databaseUrl, '--json'])
    const forget = async () => {
      await client.query(`TRUNCATE ${migrationTables.join(', ')}, agent_metrics`)
    }
    const move = async (plan: string) => {
      const { stdout } = await hive('run', source, '--plan', plan)
      return (JSON.parse(stdout) as { run: string }).run
    }
    const hiveSide = (plan: string, verified: boolean): Side => ({
      name: verified ? 'Agent Hive, run and verify' : 'Agent Hive, run',
      prepare: forget,
      async run() {
        const id = await move(plan)
        if (verified) await hive('verify', id, source)
        return rows
      },
    })
    const load = join(folder, 'monitoring.load')
    await writeFile(
      load,
      `LOAD DATABASE FROM sqlite://${join(source, 'monitoring.db')} INTO ${other.url}
       WITH include drop, create tables, create indexes, reset sequences;`,
    )
    const pgloader = async () => {
      const { stdout } = await run('pgloader', [load])
      const [count] = (await other.client.query('SELECT count(*)::int AS rows FROM metrics')).rows
      if (count.rows !== rows) throw new Error(`pgloader moved ${count.rows} of ${rows} rows: ${stdout}`)
      return rows
    }
    const asIs: Side = { name: 'pgloader', run: pgloader }
    const asMetrics: Side = {
      name: 'pgloader and INSERT … SELECT',
      async prepare() {
        await other.client.query('TRUNCATE agent_metrics')
      },
      async run() {
        await pgloader()
        await other.client.query(toMetrics)
        return rows
      },
    }
    const table = `migrate ${rows.toLocaleString('en')} rows`
    return [
      ...(await sideBySide(`${table} as they are`, plans.legacy, asIs)),
      ...(await sideBySide(`${table} to agent_metrics`, plans.mapped, asMetrics)),
    ]

    async function sideBySide(name: string, plan: string, theirs: Side): Promise<Result[]> {
      const made: Result[] = []
      for (const verified of [false, true]) {
        const sides = version ? [hiveSide(plan, verified), theirs] : [hiveSide(plan, verified)]
        const title = verified ? `${name}, verified` : name
        made.push(await measureRates(title, 'rows/s', sides, rounds, { warmUp: verified || quick ? 0 : 1 }))
      }
      return made
    }
  } finally {
    await client.end()
    await other.drop()
    await rm(folder, { recursive: true, force: true })
  }
}

const migrationTables = Object.keys(columns).filter((name) => name.startsWith('migration_') || name === 'legacy_rows')

/** A moment each second, in the shape that agents' monitors write. */
function makeSource(file: string, rows: number): void {
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA journal_mode = OFF;
    CREATE TABLE metrics (id INTEGER PRIMARY KEY, agent_id TEXT NOT NULL, metric_type TEXT NOT NULL, value REAL NOT NULL,
      recorded_at TIMESTAMP NOT NULL, unit TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO metrics SELECT i, 'agent-' || (i * 7919 % 300), 'metric_' || (i % 5), (i * 7919 % 100003) / 97.0,
      strftime('%Y-%m-%dT%H:%M:%S', 1735689600 + i, 'unixepoch') || printf('.%06d', i * 7919 % 1000000),
      CASE i % 3 WHEN 0 THEN 'ms' WHEN 1 THEN '%' END FROM n`)
  database.close()
}

async function writePlans(folder: string, source: string): Promise<{ mapped: string; legacy: string }> {
  const [mapped, legacy] = [join(folder, 'mapped.json'), join(folder, 'legacy.json')]
  await run(process.execPath, [main, 'migrate', 'plan', source, '--out', mapped])
  const tables = [{ name: 'metrics', target: 'legacy' }]
  await writeFile(legacy, JSON.stringify({ version: 1, zone: 'UTC', files: [{ path: 'monitoring.db', tables }] }))
  return { mapped, legacy }
}

/** What a user of pgloader writes to come to the same table. */
const toMetrics = `INSERT INTO agent_metrics (agent_name, metric_type, value, "timestamp", metadata, source_database)
  SELECT agent_id, metric_type, value, recorded_at AT TIME ZONE 'UTC',
    jsonb_strip_nulls(jsonb_build_object('id', id, 'unit', unit)), 'monitoring.db' FROM metrics`

/** A database beside the stack's on the same server, with the same schema. */
async function otherDatabase(url: string) {
  const name = 'pgloader_bench'
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  const beside = new URL(url)
  beside.pathname = `/${name}`
  await migrateSchema(beside.href)
  const client = new pg.Client({ connectionString: beside.href })
  await client.connect()
  return {
    url: beside.href,
    client,
    async drop() {
      await client.end()
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
    },
  }
}
