import { HiveError } from '../../errors.ts'
import { type MigrationClient, rowsOf } from './migration-client.ts'

/** Any number will do, as long as every version of this code takes the same one. */
const lock = 4_872_219_632

/**
 * Does something that no other migration may do meanwhile. The lock is the connection's: it ends with it, however that
 * comes. Raises migration.busy.
 */
export async function alone<T>(client: MigrationClient, work: () => Promise<T>): Promise<T> {
  const [taken] = await rowsOf<{ free: boolean }>(client, 'SELECT pg_try_advisory_lock($1) AS free', [lock])
  if (!taken?.free) throw new HiveError('migration.busy', 'Another migration is under way on this database.')
  try {
    return await work()
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [lock]).catch(() => {})
  }
}
