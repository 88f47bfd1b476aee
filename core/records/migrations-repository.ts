import type { FieldError } from '../errors.ts'
import type { MigrationStep } from '../migration/cloud/work.ts'
import type { AuditEntry } from './audit-repository.ts'
import type { Page } from './page.ts'

export type MigrationState = 'planned' | 'running' | 'complete' | 'failed' | 'rolled back'

/** How many rows there are, and of which outcome; `total` is null where the source was not counted. */
export type RowCounts = { total: number | null; done: number; migrated: number; legacy: number; rejected: number }

/** A run of a migration. Times are ISO 8601. */
export type MigrationRun = {
  id: string
  state: MigrationState
  /** What is queued or under way; null when nothing is. */
  step: MigrationStep | null
  /** Null for a run over a folder, which a command moves. */
  upload: string | null
  as_new: boolean
  start_at: string | null
  started_at: string
  ended_at: string | null
  fault: string | null
  problems: FieldError[]
  rows: RowCounts
}

export type MigrationDifference = { file: string; table: string; row?: number; what: string }

/** Rows that were compared, and what was found. */
export type MigrationVerification = {
  ended: boolean
  verified: boolean
  source: number
  moved: number
  differences: MigrationDifference[]
  /** How many more differences there are than are listed. */
  more: number
}

/** `verification` is null when nobody has asked for it. */
export type MigrationDetails = MigrationRun & { verification: MigrationVerification | null }

/** A table of a run; or, with `table` null, a file of which nothing can be read. */
export type MigrationTable = {
  file: string
  table: string | null
  state: 'running' | 'done' | 'moved before' | 'failed' | 'cannot be read'
  fault: string | null
  rows: RowCounts
  target_rows: number
}

export type NewMigration = {
  /** A new run's id. */
  id: string
  /** As JSON, which is the same for the same plan. */
  plan: string
  upload: string
  as_new: boolean
  start_at: string | null
}

export type StartedMigration = { id: string; begun: boolean }

export type MigrationReject = {
  file: string
  table: string
  row: number
  column: string
  value: unknown
  reason: string
}

type PageQuery = { cursor?: string | undefined; limit: number }

/** With an `entry` the change is in the audit log too, or neither is. All methods raise `postgres.unavailable`. */
export interface MigrationsRepository {
  /**
   * Begins a run, or goes on with one of the same plan over the same upload that has failed. What is planned, under way or
   * complete stays as it is.
   */
  start(migration: NewMigration, entry: AuditEntry): Promise<StartedMigration>
  get(id: string): Promise<MigrationDetails | undefined>
  /** The newest first. Raises cursor.invalid. */
  list(page: PageQuery): Promise<Page<MigrationRun>>
  /** In the order of the plan. Raises cursor.invalid. */
  tables(id: string, page: PageQuery): Promise<Page<MigrationTable>>
  /** In the order of tables and rows. Raises cursor.invalid. */
  rejects(id: string, page: PageQuery): Promise<Page<MigrationReject>>
  /** Asks for an uploaded run that has ended to be verified; false when that cannot be now. */
  requestVerify(id: string, entry: AuditEntry): Promise<boolean>
  /** Asks for a run to be rolled back, whatever is done of it; false when there is nothing to roll back any more. */
  requestRollback(id: string, entry: AuditEntry): Promise<boolean>
  /** Notes that a step is under way; false when the run is not at that step any more. */
  hear(id: string, step: MigrationStep): Promise<boolean>
  /**
   * Takes planned runs whose time has come, and those of which nothing was heard for `stallMs`, to be woken. One that got
   * nowhere after being revived `mostRevivals` times is given up, and its step is null.
   */
  revive(stallMs: number, mostRevivals: number): Promise<{ id: string; step: MigrationStep | null }[]>
  /** Every run of which a step is pending, and when it wants to be looked at (ms). */
  pending(stallMs: number): Promise<{ id: string; at: number }[]>
}
