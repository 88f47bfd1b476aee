import { HiveError } from '../../errors.ts'
import { rollBack } from '../moved/roll-back.ts'
import type { Step } from './step.ts'

/** Removes what a run added, all of it or, when rows of it were changed since, nothing, saying so. */
export const rollBackStep: Step<'roll back'> = async ({ client, run }) => {
  try {
    await rollBack(client, run.id)
  } catch (error) {
    if (!(error instanceof HiveError) || error.code === 'migration.busy') throw error
    await client.query(
      "UPDATE migration_runs SET step = NULL, fault = $2, problems = $3 WHERE id = $1 AND step = 'roll back'",
      [run.id, error.message, JSON.stringify(error.errors)],
    )
  }
  return []
}
