import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { test } from 'vitest'
import { readDatabase } from '../core/migration/analyze/reading/catalogue.ts'
import { openPrivateCopy } from '../core/migration/analyze/reading/private-copy.ts'
import type { Plan } from '../core/migration/plan/plan.ts'
import { planned } from '../core/migration/plan/suggest/planned-folder.ts'
import { rowChecksum } from '../core/migration/row-checksum.ts'
import { type RunResult, runMigration } from '../core/migration/run/run-migration.ts'
import { borrow } from './borrow.ts'

/** Real SQLite files. */
export const samples = join(import.meta.dirname, 'data', 'sqlite')

/** A Postgres of a test's own, and folders to move into it. */
export type Moving = {
  client: pg.Client
  databaseUrl: string
  /** Where a test may leave what it makes. */
  folder: string
  /** A folder in it, empty until databases are made there. */
  source: string
  /** Makes a database in `source`, in the place of one of that name. */
  database(sql: string, name?: string): void
  planOf(folder: string): Promise<Plan>
  move(folder: string, plan: Plan): Promise<RunResult>
  countAll(): Promise<Record<string, number>>
}

export const it = test.extend<{ moving: Moving }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest tells from the pattern that it asks for no other fixture
  moving: async ({}, use) => {
    const { databaseUrl } = JSON.parse(await borrow('database')) as { databaseUrl: string }
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    const folder = mkdtempSync(join(tmpdir(), 'hive-moving-'))
    const source = join(folder, 'source')
    mkdirSync(source)
    await use({
      client,
      databaseUrl,
      folder,
      source,
      database: (sql, name = 'a.db') => makeDatabase(join(source, name), sql),
      planOf: async (folder) => (await planned(folder)).plan,
      move: (folder, plan) => runMigration(client, { folder, plan, id: crypto.randomUUID() }),
      countAll: () => countAll(client),
    })
    await client.end()
    rmSync(folder, { recursive: true, force: true })
  },
})

/** A plan that keeps tables of `a.db` as they are. */
export const legacy = (...tables: string[]): Plan => ({
  version: 1,
  zone: 'UTC',
  files: [{ path: 'a.db', tables: tables.map((name) => ({ name, target: 'legacy' as const })) }],
})

function makeDatabase(file: string, sql: string): void {
  rmSync(file, { force: true })
  const made = new DatabaseSync(file)
  made.exec(sql)
  made.close()
}

const filled = [
  'agent_metrics',
  'agent_capabilities',
  'security_events',
  'agent_conversations',
  'audit_logs',
  'legacy_rows',
  'migration_rejects',
  'migration_kept',
  'migration_pieces',
]

/** Rows in each table that a migration fills. */
export async function countAll(client: pg.Client): Promise<Record<string, number>> {
  const counts: [string, number][] = []
  for (const name of filled) {
    counts.push([name, Number((await client.query(`SELECT count(*) FROM ${name}`)).rows[0].count)])
  }
  return Object.fromEntries(counts)
}

/** The checksums of every row of a file that is data, by table. */
export async function checksumsOf(file: string): Promise<Record<string, bigint[]>> {
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
