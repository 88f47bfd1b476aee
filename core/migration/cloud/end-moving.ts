import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import type { TableResult } from '../run/move-table.ts'
import { faultOf } from '../run/run-migration.ts'

/**
 * Ends the moving of a run of which every table has come to its end: it is complete, and is verified next, or it has
 * failed, saying why. Gives the next step. Done twice it gives nothing.
 */
export async function endMoving(client: MigrationClient, run: string): Promise<'verify' | undefined> {
  const tables = await rowsOf<Omit<TableResult, 'state' | 'fault'> & { state: string; fault: string | null }>(
    client,
    `SELECT f.path AS file, t.name AS table, t.state, t.fault, t.rows::float8 AS rows, t.migrated::float8 AS migrated,
       t.legacy::float8 AS legacy, t.rejected::float8 AS rejected, t.target_rows::float8 AS target_rows
     FROM migration_tables t JOIN migration_files f ON f.id = t.file_id WHERE f.run_id = $1 ORDER BY t.id`,
    [run],
  )
  if (tables.some(({ state }) => state === 'running')) return undefined
  const files = await rowsOf<{ path: string; fault: string | null }>(
    client,
    'SELECT path, fault FROM migration_files WHERE run_id = $1 ORDER BY id',
    [run],
  )
  const known = <Named extends { fault: string | null }>({ fault, ...named }: Named) =>
    fault === null ? named : { ...named, fault }
  const fault = faultOf({ files: files.map(known), tables: tables.map(known) as TableResult[] })
  const next = fault === undefined && tables.some(({ state }) => state === 'done') ? 'verify' : null
  const [ended] = await rowsOf<{ id: string }>(
    client,
    `WITH ended AS (
       UPDATE migration_runs SET state = $2, step = $3, ended_at = now(), heard_at = now(), revived = 0, fault = $4
       WHERE id = $1 AND step = 'move' RETURNING id
     ), forgotten AS (
       DELETE FROM migration_checks c USING migration_tables t, migration_files f, ended
       WHERE t.id = c.table_id AND f.id = t.file_id AND f.run_id = ended.id
     ) SELECT id FROM ended`,
    [run, fault === undefined ? 'complete' : 'failed', next, fault ?? null],
  )
  return ended && next ? next : undefined
}
