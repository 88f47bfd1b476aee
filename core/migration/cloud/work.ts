import * as z from 'zod/mini'

const run = z.uuid()
/** Id of a table in the ledger. Without one the step begins: it gives each table of the run a message of its own. */
const table = z.optional(z.string().check(z.regex(/^\d{1,18}$/)))

/**
 * One message of the queue of migrations: which step of which run or table goes on. How far that has come is the
 * checkpoint in Postgres, so that a message that comes twice or late takes nothing back.
 */
export const MigrationWork = z.discriminatedUnion('step', [
  z.object({ step: z.literal('prepare'), run }),
  z.object({ step: z.literal('move'), run, table }),
  z.object({ step: z.literal('verify'), run, table }),
  z.object({ step: z.literal('roll back'), run }),
])
export type MigrationWork = z.output<typeof MigrationWork>
export type MigrationStep = MigrationWork['step']
