import type { FieldError } from '../../errors.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import type { Plan } from '../plan/plan.ts'
import type { MigrationStep } from './work.ts'

/** A run of which a step is under way. */
export type PendingRun = { id: string; plan: Plan; upload: string; asNew: boolean }

/** A run that is at this step and may go on with it; undefined when it is at another one by now. */
export async function pendingRun(
  client: MigrationClient,
  run: string,
  step: MigrationStep,
): Promise<PendingRun | undefined> {
  const [row] = await rowsOf<{ plan: string; upload: string | null; as_new: boolean }>(
    client,
    `UPDATE migration_runs SET heard_at = now() WHERE id = $1 AND step = $2 AND (state <> 'planned' OR step = 'roll back')
     RETURNING plan, upload, as_new`,
    [run, step],
  )
  return row && { id: run, plan: JSON.parse(row.plan) as Plan, upload: row.upload ?? '', asNew: row.as_new }
}

/** Notes that a step has got on: how often it was begun again before does not count any more. */
export async function noteProgress(client: MigrationClient, { id }: PendingRun): Promise<void> {
  await client.query('UPDATE migration_runs SET heard_at = now(), revived = 0 WHERE id = $1', [id])
}

/** Ends a run that cannot go on, saying why. What was moved by then stays, and can be rolled back. */
export async function failRun(
  client: MigrationClient,
  { id }: PendingRun,
  fault: string,
  problems: readonly FieldError[],
): Promise<void> {
  await client.query(
    `UPDATE migration_runs SET state = 'failed', step = NULL, ended_at = now(), fault = $2, problems = $3
     WHERE id = $1 AND step = 'prepare'`,
    [id, fault, JSON.stringify(problems)],
  )
}
