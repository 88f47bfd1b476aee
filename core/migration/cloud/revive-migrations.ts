import type { Hive } from '../../hive.ts'
import { measure } from '../../measure.ts'
import { areMigrationsDue, forgetMigrations, notedMigrations, noteMigrations } from './pending-migrations.ts'
import { wakeStep } from './wake-step.ts'

/** A step that got nowhere after this many turns does not get there. */
const mostRevivals = 5
/** Postgres is asked at least this often, in case Redis has lost what it was told. */
const askedEveryMs = 3_600_000

/**
 * Starts planned runs whose time has come, and begins a step again of which nothing was heard for the configured time. Asks
 * Postgres only when Redis says that something is due, and once an hour. Raises redis.unavailable and postgres.unavailable.
 */
export async function reviveMigrations(hive: Hive, everyMs: number): Promise<{ woken: number; given_up: number }> {
  const isHourly = hive.clock.now() % askedEveryMs < everyMs
  if (!isHourly && !(await areMigrationsDue(hive))) return { woken: 0, given_up: 0 }
  const { migrationStallMs } = hive.config
  const { migrations } = await hive.records()
  const noted = await notedMigrations(hive)
  const revived = await migrations.revive(migrationStallMs, mostRevivals)
  for (const { id, step } of revived) {
    if (step !== null) await wakeStep(hive, id, step)
    else measure(hive, 'migration given up', { MigrationGivenUp: 1 }, { run: id })
  }
  const pending = await migrations.pending(migrationStallMs)
  await noteMigrations(
    hive,
    pending.map(({ id, at }) => ({ run: id, at })),
  )
  const left = new Set(pending.map(({ id }) => id))
  await forgetMigrations(
    hive,
    noted.filter((run) => !left.has(run)),
  )
  return {
    woken: revived.filter(({ step }) => step !== null).length,
    given_up: revived.filter(({ step }) => step === null).length,
  }
}
