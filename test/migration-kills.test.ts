import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { verifyRun } from '../core/migration/moved/verify-run.ts'
import type { Plan } from '../core/migration/plan/plan.ts'
import { runMigration } from '../core/migration/run/run-migration.ts'
import { migrateSchema } from '../core/records/migrate-schema.ts'
import { type PostgresProcess, startPostgres } from '../scripts/local/postgres/start-postgres.ts'

const isFull = process.env.HIVE_TEST_FULL === '1'
const kills = isFull ? 100 : 30
/** Every so many kills it is Postgres that is killed. */
const everyPostgres = 6
const seed = Number(process.env.HIVE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))

let folder: string
let postgres: PostgresProcess
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hive-kills-'))
  mkdirSync(join(folder, 'source'))
  postgres = await startPostgres({ dir: join(folder, 'postgres'), persistent: true })
}, 120_000)
afterAll(async () => {
  await postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Numbers from 0 to 1 that come again with the same seed (mulberry32). */
function numbers(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Rows of every outcome: targets with and without unique keys, several targets a row, kept, rejected, in pieces. */
function makeSource(batches: number): Plan {
  const rows = batches * 5_000
  const database = new DatabaseSync(join(folder, 'source', 'all.db'))
  const counted = (most: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${most})`
  database.exec(`PRAGMA journal_mode = OFF;
    CREATE TABLE metrics (agent TEXT, kind TEXT, value, at TEXT, unit);
    ${counted(rows)} INSERT INTO metrics SELECT 'agent ' || (i % 7), 'm' || (i % 3),
      CASE WHEN i % 1009 = 0 THEN 'lots' ELSE i / 8.0 END, '2026-01-01T00:00:' || printf('%02d', i % 60),
      CASE WHEN i % 5 = 0 THEN x'00ff' WHEN i % 2 THEN i END FROM n;
    CREATE TABLE wide (at INTEGER, cpu REAL, memory REAL);
    ${counted(Math.ceil(rows / 4))} INSERT INTO wide SELECT 1767225600 + i, i, CASE WHEN i % 3 THEN i / 3.0 END FROM n;
    CREATE TABLE skills (agent TEXT, skill TEXT, level INTEGER, at TEXT, PRIMARY KEY (agent, skill)) WITHOUT ROWID;
    ${counted(Math.ceil(rows / 4))} INSERT INTO skills SELECT 'agent ' || (i % 97), 'skill ' || i, 1 + i % 12,
      '2026-01-01T00:00:00' FROM n;
    CREATE TABLE notes (id INTEGER PRIMARY KEY, note);
    ${counted(Math.ceil(rows / 2))} INSERT INTO notes SELECT i * 3, CASE WHEN i % 4001 = 0 THEN randomblob(3000000)
      ELSE 'note ' || i END FROM n`)
  database.close()
  const moment = (from: string, unit: 'iso' | 's') => ({ rule: 'timestamp' as const, from, unit })
  return {
    version: 1,
    zone: 'UTC',
    files: [
      {
        path: 'all.db',
        tables: [
          {
            name: 'metrics',
            target: 'agent_metrics',
            columns: {
              agent_name: { rule: 'copy', from: 'agent' },
              metric_type: { rule: 'copy', from: 'kind' },
              value: { rule: 'copy', from: 'value' },
              timestamp: moment('at', 'iso'),
              metadata: { rule: 'rest' },
            },
          },
          {
            name: 'wide',
            target: 'agent_metrics',
            columns: { agent_name: { rule: 'constant', value: 'wide' }, timestamp: moment('at', 's') },
            pivot: { cpu: 'cpu', memory: 'memory' },
          },
          {
            name: 'skills',
            target: 'agent_capabilities',
            columns: {
              agent_name: { rule: 'copy', from: 'agent' },
              capability: { rule: 'copy', from: 'skill' },
              proficiency_level: { rule: 'copy', from: 'level' },
              last_updated: moment('at', 'iso'),
            },
          },
          { name: 'notes', target: 'legacy' },
        ],
      },
    ],
  }
}

/** Everything that a run left, but for ids, which have gaps where one was stopped. */
async function stateOf(client: pg.Client): Promise<Record<string, unknown>> {
  const one = async (sql: string) => (await client.query({ text: sql, rowMode: 'array' })).rows
  const without = (columns: string, table: string) =>
    one(`SELECT count(*), md5(string_agg(md5(ROW(${columns})::text), '' ORDER BY id)) FROM ${table}`)
  const beside = (columns: string, table: string, order: string) =>
    one(`SELECT t.name, count(*), md5(string_agg(md5(ROW(${columns})::text), '' ORDER BY ${order}))
      FROM ${table} r JOIN migration_tables t ON t.id = r.table_id GROUP BY t.name ORDER BY t.name`)
  return {
    metrics: await without('agent_name, metric_type, value, "timestamp", metadata, source_database', 'agent_metrics'),
    capabilities: await without('agent_name, capability, proficiency_level, last_updated', 'agent_capabilities'),
    tables: await one(
      'SELECT name, state, rows, migrated, legacy, rejected, target_rows FROM migration_tables ORDER BY id',
    ),
    kept: await beside('row, kept', 'migration_kept', 'row'),
    legacy: await beside('row, content', 'legacy_rows', 'row'),
    rejects: await beside('row, column_name, value, reason, content', 'migration_rejects', 'row'),
    pieces: await beside('row, place, piece, bytes', 'migration_pieces', 'row, place, piece'),
    outcomes:
      await one(`SELECT name, count(*), md5(string_agg(outcome || encode(checksum, 'hex'), '' ORDER BY row)) FROM (
      SELECT t.name, r.first_row + i AS row, r.outcome, substring(r.checksums FROM 8 * i + 1 FOR 8) AS checksum
      FROM migration_ranges r JOIN migration_tables t ON t.id = r.table_id, generate_series(0, r.rows - 1) AS i
    ) each GROUP BY name ORDER BY name`),
  }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

type Ended = 'complete' | 'killed' | 'failed'

/** Runs until it ends, or strikes once it has stored so many batches and a moment has passed. */
async function runOnce(
  url: string,
  planFile: string,
  strike: { batches: number; ms: number; what: 'run' | 'postgres' } | undefined,
): Promise<Ended> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('./migrate-process.ts', import.meta.url)), url, join(folder, 'source'), planFile],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  let batches = 0
  if (strike?.batches === 0) void hit()
  for await (const _ of createInterface({ input: child.stdout })) if (++batches === strike?.batches) void hit()
  const code = await ended
  if (code === 0) return 'complete'
  return child.signalCode === 'SIGKILL' ? 'killed' : 'failed'

  async function hit() {
    await after(strike?.ms ?? 0)
    if (strike?.what === 'run') child.kill('SIGKILL')
    else await postgres.kill()
  }
}

it(
  `ends as an undisturbed run does however often it or Postgres is killed (seed ${seed})`,
  async () => {
    const plan = makeSource(isFull ? 120 : 40)
    const planFile = join(folder, 'plan.json')
    writeFileSync(planFile, JSON.stringify(plan))
    const undisturbed = await postgres.createDatabase('undisturbed')
    await migrateSchema(undisturbed)
    expect(await runOnce(undisturbed, planFile, undefined)).toBe('complete')
    const expected = await connected(undisturbed).then(async (client) => {
      const state = await stateOf(client)
      await client.end()
      return state
    })

    await migrateSchema(postgres.url)
    const random = numbers(seed)
    const ends: Record<string, number> = {}
    for (let kill = 1; kill <= kills; kill++) {
      const what = kill % everyPostgres === 0 ? 'postgres' : 'run'
      // most come while rows are stored, some while it starts; soon, so that there is something left to be done
      const strike = { batches: random() < 0.2 ? 0 : 1, ms: random() * 25, what } as const
      const ended = await runOnce(postgres.url, planFile, strike)
      ends[`${what} ${ended}`] = (ends[`${what} ${ended}`] ?? 0) + 1
      if (what === 'postgres') {
        await postgres.kill()
        await postgres.restart()
      }
      if (ended === 'complete') break
    }
    console.log(`seed ${seed}: ${JSON.stringify(ends)}`)
    expect((ends['run killed'] ?? 0) + (ends['postgres failed'] ?? 0)).toBeGreaterThanOrEqual(kills)
    expect(await runOnce(postgres.url, planFile, undefined)).toBe('complete')

    const client = await connected(postgres.url)
    expect(await stateOf(client)).toEqual(expected)
    const { rows } = await client.query('SELECT id, state FROM migration_runs')
    expect(rows).toMatchObject([{ state: 'complete' }])
    const verified = await verifyRun(client, rows[0].id, join(folder, 'source'))
    expect(verified).toMatchObject({ verified: true, differences: [] })
    const again = await runMigration(client, { folder: join(folder, 'source'), plan, id: crypto.randomUUID() })
    expect(again.tables.every(({ state }) => state === 'moved before')).toBe(true)
    await client.query(
      'DELETE FROM migration_tables WHERE file_id IN (SELECT id FROM migration_files WHERE run_id = $1)',
      [again.run],
    )
    expect(await stateOf(client)).toEqual(expected)
    await client.end()
  },
  isFull ? 900_000 : 240_000,
)
