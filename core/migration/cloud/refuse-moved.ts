import { type FieldError, HiveError } from '../../errors.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import type { PendingRun } from './pending-run.ts'

/**
 * What another run has moved of these files under other content, or is moving, or has moved a part of, would be there twice.
 * Raises migration.changed, naming every file.
 */
export async function refuseMoved(client: MigrationClient, { id, asNew }: PendingRun): Promise<void> {
  const others = await rowsOf<{ path: string; run_id: string; same: boolean; unfinished: boolean }>(
    client,
    `SELECT DISTINCT ON (mine.path) mine.path, f.run_id, f.sha256 = mine.content AS same,
       r.state IN ('running', 'failed') AND f.sha256 = mine.content AND EXISTS (
         SELECT FROM migration_tables t WHERE t.file_id = f.id AND t.state IN ('running', 'failed')
           AND (t.rows > 0 OR r.state = 'running')
       ) AS unfinished
     FROM migration_files mine
     JOIN migration_files f ON (f.path = mine.path OR f.sha256 = mine.content) AND f.run_id <> mine.run_id
       AND f.sha256 IS NOT NULL
     JOIN migration_runs r ON r.id = f.run_id AND r.state <> 'rolled back'
     WHERE mine.run_id = $1 AND mine.content IS NOT NULL
     ORDER BY mine.path, unfinished DESC, same DESC, r.started_at DESC`,
    [id],
  )
  const errors = others.flatMap(({ path, run_id, same, unfinished }): FieldError[] => {
    if (unfinished) return [{ field: path, message: `is being moved by run ${run_id}, or was in part` }]
    return same || asNew ? [] : [{ field: path, message: `has changed since run ${run_id} moved it` }]
  })
  if (errors.length === 0) return
  throw new HiveError('migration.changed', 'Other runs stand in the way: roll them back first, or go on with them.', {
    errors,
  })
}
