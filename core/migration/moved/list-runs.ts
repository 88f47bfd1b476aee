import { type MigrationClient, rowsOf } from '../load/migration-client.ts'

export type RunSummary = {
  id: string
  state: string
  started_at: Date
  ended_at: Date | null
  rows: number
  migrated: number
  legacy: number
  rejected: number
  fault: string | null
  retries: string | null
}

/** Runs, the newest first. */
export async function listRuns(client: MigrationClient, limit: number): Promise<RunSummary[]> {
  return rowsOf<RunSummary>(
    client,
    `SELECT r.id, r.state, r.started_at, r.ended_at, r.fault, r.retries, coalesce(sum(t.rows), 0)::float8 AS rows,
       coalesce(sum(t.migrated), 0)::float8 AS migrated, coalesce(sum(t.legacy), 0)::float8 AS legacy,
       coalesce(sum(t.rejected), 0)::float8 AS rejected
     FROM migration_runs r LEFT JOIN migration_files f ON f.run_id = r.id LEFT JOIN migration_tables t ON t.file_id = f.id
     GROUP BY r.id ORDER BY r.started_at DESC LIMIT $1::int`,
    [limit],
  )
}

export type TableSummary = {
  path: string
  name: string
  state: string
  rows: number
  migrated: number
  legacy: number
  rejected: number
  fault: string | null
}

/** The tables of one run, and its files that could not be read. */
export async function listTables(client: MigrationClient, run: string): Promise<TableSummary[]> {
  return rowsOf<TableSummary>(
    client,
    `SELECT f.path, coalesce(t.name, '') AS name, coalesce(t.state, 'cannot be read') AS state,
       coalesce(t.rows, 0)::float8 AS rows, coalesce(t.migrated, 0)::float8 AS migrated,
       coalesce(t.legacy, 0)::float8 AS legacy, coalesce(t.rejected, 0)::float8 AS rejected,
       coalesce(t.fault, f.fault) AS fault
     FROM migration_files f LEFT JOIN migration_tables t ON t.file_id = f.id
     WHERE f.run_id = $1 AND (t.id IS NOT NULL OR f.fault IS NOT NULL) ORDER BY f.id, t.id`,
    [run],
  )
}
