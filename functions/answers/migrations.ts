import * as z from 'zod'
import { page } from './page.ts'

const moment = z.iso.datetime({ offset: true })
const count = z.int().min(0)

const Rows = z
  .strictObject({
    total: count.nullable().describe('Rows of the sources; null where they were not counted.'),
    done: count.describe('Rows that have an outcome: migrated, legacy or rejected.'),
    migrated: count,
    legacy: count,
    rejected: count,
  })
  .describe('How many rows there are, and of which outcome.')

const Run = z.strictObject({
  id: z.uuid(),
  state: z.enum(['planned', 'running', 'complete', 'failed', 'rolled back']),
  step: z
    .enum(['prepare', 'move', 'verify', 'roll back'])
    .nullable()
    .describe('What is queued or under way; null when nothing is.'),
  upload: z.uuid().nullable().describe('Null for a run that a command made.'),
  as_new: z.boolean(),
  start_at: moment.nullable(),
  started_at: moment,
  ended_at: moment.nullable(),
  fault: z.string().nullable().describe('Why it has failed, or why what was asked for last was refused.'),
  problems: z
    .array(z.strictObject({ field: z.string(), message: z.string() }))
    .describe('What stands in the way of it, one by one.'),
  rows: Rows,
})

const Verification = z
  .strictObject({
    ended: z.boolean(),
    verified: z.boolean().describe('Whether all was compared and nothing differs.'),
    source: count.describe('Rows of the sources that were compared.'),
    moved: count.describe('Rows that were compared where they went.'),
    differences: z.array(
      z.strictObject({ file: z.string(), table: z.string(), row: count.optional(), what: z.string() }),
    ),
    more: count.describe('How many more differences there are than are listed.'),
  })
  .describe('What comparing the run with its upload, row by row, has found.')

export const MigrationUpload = z
  .strictObject({
    upload: z.uuid().describe('Names the upload when it is to be moved.'),
    expires_at: moment.describe('Until when the URLs take files.'),
    files: z.array(z.strictObject({ path: z.string(), url: z.url() })),
  })
  .describe('Where each file is to be sent by PUT, whole and as it is.')

export const Migration = Run.extend({
  verification: Verification.nullable().describe('Null before it has begun.'),
}).describe('A run of a migration, and how far it is.')

export const MigrationPage = page(Run).describe('Runs of migrations, newest first.')

export const MigrationTablePage = page(
  z.strictObject({
    file: z.string(),
    table: z.string().nullable().describe('Null for a file of which nothing can be read.'),
    state: z.enum(['running', 'done', 'moved before', 'failed', 'cannot be read']),
    fault: z.string().nullable(),
    rows: Rows,
    target_rows: count.describe('Rows that they have become.'),
  }),
).describe('The tables of a run, in the order of its plan.')

export const MigrationRejectPage = page(
  z.strictObject({
    file: z.string(),
    table: z.string(),
    row: count.describe('Its place in the table, from 0.'),
    column: z.string(),
    value: z.unknown().describe('As SQLite has it; what is no JSON is tagged, see docs/migration.md.'),
    reason: z.string(),
  }),
).describe('Rows that were rejected, in the order of tables and rows.')
