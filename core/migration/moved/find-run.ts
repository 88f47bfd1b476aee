import { HiveError } from '../../errors.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import type { Plan } from '../plan/plan.ts'

export type Run = {
  id: string
  state: string
  plan: Plan
  started_at: Date
  ended_at: Date | null
  fault: string | null
  /** The run whose rejected rows it tried again. */
  retries: string | null
}

/** One run. Raises migration.unknown. */
export async function findRun(client: MigrationClient, id: string): Promise<Run> {
  const known = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)
  const [run] = known
    ? await rowsOf<Omit<Run, 'plan'> & { plan: string }>(client, 'SELECT * FROM migration_runs WHERE id = $1', [id])
    : []
  if (!run) throw new HiveError('migration.unknown', `There is no migration ${JSON.stringify(id)}.`)
  return { ...run, plan: JSON.parse(run.plan) as Plan }
}
