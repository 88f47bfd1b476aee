import type { Hive } from '../../hive.ts'
import type { MigrationClient } from '../load/migration-client.ts'
import type { PendingRun } from './pending-run.ts'
import type { MigrationWork } from './work.ts'

/** What a step is given besides its piece of work: asked after each batch, `stop` says whether its time is over. */
export type StepContext = { hive: Hive; client: MigrationClient; run: PendingRun; stop: () => boolean }

/** Does a step as far as its time goes, and gives the work that follows. Raises migration.busy. */
export type Step<Name extends MigrationWork['step']> = (
  context: StepContext,
  work: Extract<MigrationWork, { step: Name }>,
) => Promise<MigrationWork[]>
