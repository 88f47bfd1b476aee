import { HiveError } from '../../errors.ts'
import { type MigrationClient, rowsOf } from './migration-client.ts'

/** Any number will do, as long as every version of this code takes the same one. */
const lock = 4_872_219_632

/**
 * Does something that no other migration may do meanwhile. The lock is the connection's: it ends with it, however that
 * comes. Raises migration.busy.
 */
export async function alone<T>(client: MigrationClient, work: () => Promise<T>): Promise<T> {
  const done = await locked(client, 'pg_try_advisory_lock($1)', 'pg_advisory_unlock($1)', lock, work)
  if (!done) throw new HiveError('migration.busy', 'Another migration is under way on this database.')
  return done.result
}

/** Does something that others may do too meanwhile, but not `alone`. Raises migration.busy. */
export async function together<T>(client: MigrationClient, work: () => Promise<T>): Promise<T> {
  const done = await locked(client, 'pg_try_advisory_lock_shared($1)', 'pg_advisory_unlock_shared($1)', lock, work)
  if (!done) throw new HiveError('migration.busy', 'Another migration is under way on this database.')
  return done.result
}

/** Does something unless somebody else is at it already, which is told apart from its end by `undefined`. */
export async function holding<T>(
  client: MigrationClient,
  what: string,
  work: () => Promise<T>,
): Promise<{ result: T } | undefined> {
  const key = 'hashtextextended($1, 0)'
  return locked(client, `pg_try_advisory_lock(${key})`, `pg_advisory_unlock(${key})`, `migration ${what}`, work)
}

async function locked<T>(
  client: MigrationClient,
  take: string,
  release: string,
  key: number | string,
  work: () => Promise<T>,
): Promise<{ result: T } | undefined> {
  const [taken] = await rowsOf<{ free: boolean }>(client, `SELECT ${take} AS free`, [key])
  if (!taken?.free) return undefined
  try {
    return { result: await work() }
  } finally {
    await client.query(`SELECT ${release}`, [key]).catch(() => {})
  }
}
