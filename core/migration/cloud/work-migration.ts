import { HiveError } from '../../errors.ts'
import type { Hive } from '../../hive.ts'
import { withMigrationClient } from '../load/connect.ts'
import { moveStep } from './move-step.ts'
import { pendingRun } from './pending-run.ts'
import { prepareStep } from './prepare-step.ts'
import { rollBackStep } from './roll-back-step.ts'
import type { StepContext } from './step.ts'
import { verifyStep } from './verify-step.ts'
import type { MigrationWork } from './work.ts'

/** Work that another migration stands in the way of is tried again after this. */
const busyMs = 5_000
/** How often a step says that it is alive, and hears whether it is still wanted. */
const hearMs = 10_000
/** Sent at once: a run may have thousands of tables. */
const sentTogether = 50

/**
 * Does one piece of a migration's work until it is done or until `remainingMs` comes to the configured reserve, and queues
 * what follows. Safe to do twice and at the same time: what is out of date does nothing, and of two that work on the same
 * table one steps aside. Raises postgres.unavailable, and whatever S3 and SQS say: then it is to be done again.
 */
export async function workMigration(hive: Hive, work: MigrationWork, remainingMs: () => number): Promise<void> {
  const next = await withMigrationClient(hive.config, async (client) => {
    const run = await pendingRun(client, work.run, work.step)
    if (!run) return []
    let isWanted = true
    const hearing = setInterval(async () => {
      const records = await hive.records()
      // what cannot be asked now is asked again
      isWanted = await records.migrations.hear(run.id, work.step).catch(() => isWanted)
    }, hearMs)
    const stop = () => !isWanted || remainingMs() < hive.config.migrationReserveMs
    try {
      return (await takeStep({ hive, client, run, stop }, work)).map((one) => ({ work: one, afterMs: 0 }))
    } catch (error) {
      if (!(error instanceof HiveError) || error.code !== 'migration.busy') throw error
      return [{ work, afterMs: busyMs }]
    } finally {
      clearInterval(hearing)
    }
  })
  for (let at = 0; at < next.length; at += sentTogether) {
    const together = next.slice(at, at + sentTogether)
    await Promise.all(together.map((one) => hive.queue.wakeMigration(one.work, one.afterMs)))
  }
}

function takeStep(context: StepContext, work: MigrationWork): Promise<MigrationWork[]> {
  switch (work.step) {
    case 'prepare':
      return prepareStep(context, work)
    case 'move':
      return moveStep(context, work)
    case 'verify':
      return verifyStep(context, work)
    case 'roll back':
      return rollBackStep(context, work)
  }
}
