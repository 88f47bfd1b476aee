import type { Hive } from '../../hive.ts'
import { noteMigrations } from './pending-migrations.ts'
import type { MigrationStep } from './work.ts'

/**
 * Queues a step of a run from its beginning. It is noted to be looked at before that, so that a wake which SQS does not take
 * is sent by the schedule. Raises redis.unavailable.
 */
export async function wakeStep(hive: Hive, run: string, step: MigrationStep): Promise<void> {
  await noteMigrations(hive, [{ run, at: hive.clock.now() + hive.config.migrationStallMs }])
  try {
    await hive.queue.wakeMigration({ step, run }, 0)
  } catch (error) {
    hive.log.warn('a migration was not woken; the schedule will', { run, step, error: String(error) })
  }
}
