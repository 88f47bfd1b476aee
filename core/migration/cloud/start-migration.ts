import { type AdminAction, auditEntry } from '../../access/audit.ts'
import { type FieldError, HiveError } from '../../errors.ts'
import type { Hive } from '../../hive.ts'
import type { MigrationDetails } from '../../records/migrations-repository.ts'
import { readPlan } from '../plan/read-plan.ts'
import { findMigration } from './find-migration.ts'
import { noteMigrations } from './pending-migrations.ts'
import { uploadPrefix } from './upload-keys.ts'
import { wakeStep } from './wake-step.ts'

export type MigrationToStart = {
  upload: string
  /** A plan's document; see core/migration/plan/plan.ts. */
  plan: unknown
  /** Moves files although other content under their names was moved before. */
  as_new: boolean
  /** ISO 8601; now unless given. */
  start_at?: string | undefined
}

/**
 * Begins to move an upload as a plan says, or at `start_at`. The same plan over the same upload is one run: asked for again,
 * it goes on where it has failed, and is else left as it is. Raises request.invalid and migration.plan_invalid, naming each
 * field, request.unprocessable for an upload of which no file has arrived, and postgres.unavailable.
 */
export async function startMigration(
  hive: Hive,
  { upload, plan: document, as_new, start_at = undefined }: MigrationToStart,
  actor: string,
): Promise<{ run: MigrationDetails; begun: boolean }> {
  const { plan, problems } = readPlan(document)
  if (problems.length > 0) {
    const errors = problems.map(({ path, message }): FieldError => {
      return { field: path === '' ? 'plan' : `plan.${path}`, message }
    })
    throw new HiveError('migration.plan_invalid', 'The plan cannot be read; nothing was begun.', { errors })
  }
  if ((await hive.objects.list(uploadPrefix(upload))).length === 0) {
    throw new HiveError('request.unprocessable', 'No file of the upload has arrived.', {
      errors: [{ field: 'upload', message: 'must name an upload to whose URLs files were sent' }],
    })
  }
  const { migrations } = await hive.records()
  const id = hive.ids.messageId()
  const files = plan.files.length
  const action: AdminAction = { action: 'migration.start', actor, target: id, details: { upload, files, start_at } }
  const wanted = { id, plan: JSON.stringify(plan), upload, as_new, start_at: start_at ?? null }
  const started = await migrations.start(wanted, auditEntry(hive, action))
  const run = await findMigration(hive, started.id)
  if (run.state === 'planned' && run.start_at !== null) {
    await noteMigrations(hive, [{ run: run.id, at: Date.parse(run.start_at) }])
  } else if (run.step !== null) await wakeStep(hive, run.id, run.step)
  return { run, begun: started.begun }
}
