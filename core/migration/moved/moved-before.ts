import { type MigrationClient, rowsOf } from '../load/migration-client.ts'

/** `by` is the run that moved the table; null where that one was rolled back since. */
export type MovedBefore = { path: string; name: string; by: string | null }

/** The tables of which a run has moved nothing, because an earlier one had moved the same content. */
export async function movedBefore(client: MigrationClient, run: string): Promise<MovedBefore[]> {
  return rowsOf<MovedBefore>(
    client,
    `SELECT f.path, t.name, earlier.run_id AS by FROM migration_tables t JOIN migration_files f ON f.id = t.file_id
     LEFT JOIN LATERAL (
       SELECT g.run_id FROM migration_files g JOIN migration_tables o ON o.file_id = g.id JOIN migration_runs r ON r.id = g.run_id
       WHERE g.path = f.path AND g.sha256 = f.sha256 AND o.name = t.name AND o.state = 'done' AND r.retries IS NULL
         AND r.state <> 'rolled back' AND g.id <> f.id
       ORDER BY g.id LIMIT 1
     ) earlier ON true
     WHERE f.run_id = $1 AND t.state = 'moved before' ORDER BY f.id, t.id`,
    [run],
  )
}

/** Who has moved them, for people: `run 1c2d…`, or several. */
export function byWhom(tables: readonly MovedBefore[]): string {
  const runs = [...new Set(tables.map(({ by }) => (by === null ? 'a run that was rolled back since' : `run ${by}`)))]
  return runs.join(' and ')
}
