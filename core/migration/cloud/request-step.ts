import { auditEntry } from '../../access/audit.ts'
import { HiveError } from '../../errors.ts'
import type { Hive } from '../../hive.ts'
import type { MigrationDetails } from '../../records/migrations-repository.ts'
import { findMigration } from './find-migration.ts'
import { wakeStep } from './wake-step.ts'

/**
 * Has a run that has ended compared with its upload again, row by row. Raises migration.unknown; migration.state for a run
 * that is under way, was rolled back, has moved nothing, or moved a folder; postgres.unavailable.
 */
export async function requestVerify(hive: Hive, id: string, actor: string): Promise<MigrationDetails> {
  const { migrations } = await hive.records()
  const entry = auditEntry(hive, { action: 'migration.verify', actor, target: id })
  if (await migrations.requestVerify(id, entry)) return woken(hive, id, 'verify')
  const { state, step, upload } = await findMigration(hive, id)
  const why = upload === null ? 'its files are where the command was run: verify it there' : `it is ${step ?? state}`
  throw new HiveError('migration.state', `The run cannot be verified now: ${why}.`)
}

/**
 * Has everything removed that a run has added, and stops it first if it is under way. Raises migration.unknown,
 * migration.state for one that was rolled back before, and postgres.unavailable.
 */
export async function requestRollback(hive: Hive, id: string, actor: string): Promise<MigrationDetails> {
  const { migrations } = await hive.records()
  const entry = auditEntry(hive, { action: 'migration.rollback', actor, target: id })
  if (await migrations.requestRollback(id, entry)) return woken(hive, id, 'roll back')
  await findMigration(hive, id)
  throw new HiveError('migration.state', 'The run was rolled back before.')
}

async function woken(hive: Hive, id: string, step: 'verify' | 'roll back'): Promise<MigrationDetails> {
  await wakeStep(hive, id, step)
  return findMigration(hive, id)
}
