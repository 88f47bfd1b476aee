import { HiveError } from '../../errors.ts'
import type { AnalysedTable } from '../analyze/source.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import { findRun } from '../moved/find-run.ts'

/** The run that tries the rejected rows of another one again, unless it was rolled back or has failed and has none. */
export async function findRetry(client: MigrationClient, run: string): Promise<string | undefined> {
  const [retry] = await rowsOf<{ id: string }>(
    client,
    `SELECT id FROM migration_runs r WHERE retries = $1 AND state <> 'rolled back' AND (state <> 'failed' OR EXISTS (
       SELECT FROM migration_tables t JOIN migration_files f ON f.id = t.file_id WHERE f.run_id = r.id AND t.rows > 0
     ))`,
    [run],
  )
  return retry?.id
}

/** Raises migration.retried where another run has tried a run's rejected rows again, so that they are that one's. */
export async function refuseRetried(client: MigrationClient, run: string): Promise<void> {
  const retry = await findRetry(client, run)
  if (retry === undefined) return
  throw new HiveError(
    'migration.retried',
    `Run ${retry} has tried the rejected rows of run ${run} again: they are its own.`,
  )
}

/** The places in their source of the rows of a table that a run has rejected, in order. Raises migration.unknown. */
export async function rejectedPlaces(
  client: MigrationClient,
  id: string,
  path: string,
  table: string,
): Promise<number[]> {
  const run = await findRun(client, id)
  const ranges = await rowsOf<{ first: number; rows: number }>(
    client,
    `SELECT r.first_row::float8 AS first, r.rows FROM migration_ranges r JOIN migration_tables t ON t.id = r.table_id
     JOIN migration_files f ON f.id = t.file_id
     WHERE f.run_id = $1 AND f.path = $2 AND t.name = $3 AND r.outcome = 'rejected' ORDER BY r.first_row`,
    [id, path, table],
  )
  const places = ranges.flatMap(({ first, rows }) => Array.from({ length: rows }, (_, i) => first + i))
  if (run.retries === null) return places
  // a run that tries rows again counts only those
  const tried = await rejectedPlaces(client, run.retries, path, table)
  return places.map((place) => tried[place] as number)
}

/** A table of which only some rows are read. */
export function onlyPlaces(table: AnalysedTable, places: readonly number[]): AnalysedTable {
  return {
    ...table,
    count: () => places.length,
    *rows(gap) {
      let [place, next] = [0, 0]
      for (const row of table.rows(gap)) {
        if (place++ !== places[next]) continue
        yield row
        next++
        if (next === places.length) return
      }
    },
  }
}
