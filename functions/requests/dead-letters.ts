import * as z from 'zod'
import { AgentPath } from './agents.ts'

const deadLetterId = z.string().min(1).max(256)

export const DeadLetterPath = AgentPath.extend({
  dead_letter_id: deadLetterId.describe('The dead letter, as the list names it.'),
})

/** Body of redrive and discard: some dead letters by id, or all of an inbox. */
export const SelectDeadLetters = z
  .union(
    [z.strictObject({ ids: z.array(deadLetterId).min(1).max(100) }), z.strictObject({ all: z.literal(true) })],
    'must be {"ids": […]} with 1 to 100 ids, or {"all": true}',
  )
  .describe('Some dead letters by id, or all that the inbox has now. Those that are no longer dead are passed over.')
