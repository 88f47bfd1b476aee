import { HiveError } from '../../errors.ts'
import type { Hive } from '../../hive.ts'
import type { MigrationDetails } from '../../records/migrations-repository.ts'

/** A run with its progress. Raises migration.unknown and postgres.unavailable. */
export async function findMigration(hive: Hive, id: string): Promise<MigrationDetails> {
  const { migrations } = await hive.records()
  const run = await migrations.get(id)
  if (!run) throw new HiveError('migration.unknown', `There is no migration ${JSON.stringify(id)}.`)
  return run
}
