import { type MigrationClient, rowsOf } from '../load/migration-client.ts'

/**
 * A table of which a run has moved nothing, because another one had moved the same content, under whatever name. `by` is that
 * run and `owner` its entry for the table; both null where it was rolled back since.
 */
export type MovedBefore = { id: string; path: string; name: string; by: string | null; owner: string | null }

/** In SQL: that run `r` holds the rows of its table `o`. A run that tries rejected rows again holds a part of them only. */
export const holdsRows = `o.state = 'done' AND r.state <> 'rolled back' AND r.retries IS NULL`

/** The tables of a run that another one had moved, or one such table. */
export async function movedBefore(
  client: MigrationClient,
  of: { run: string; table?: never } | { run?: never; table: string },
): Promise<MovedBefore[]> {
  return rowsOf<MovedBefore>(
    client,
    `SELECT t.id, f.path, t.name, earlier.by, earlier.owner
     FROM migration_tables t JOIN migration_files f ON f.id = t.file_id
     LEFT JOIN LATERAL (
       SELECT g.run_id AS by, o.id AS owner FROM migration_files g
       JOIN migration_tables o ON o.file_id = g.id JOIN migration_runs r ON r.id = g.run_id
       WHERE g.sha256 = f.sha256 AND g.run_id <> f.run_id AND o.name = t.name AND ${holdsRows}
       ORDER BY o.id LIMIT 1
     ) earlier ON true
     WHERE (f.run_id = $1 OR t.id = $2) AND t.state = 'moved before' ORDER BY f.id, t.id`,
    [of.run ?? null, of.table ?? null],
  )
}
