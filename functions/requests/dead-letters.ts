import * as z from 'zod/mini'
import { AgentPath } from './agents.ts'

const deadLetterId = z.string().check(z.minLength(1), z.maxLength(256))

export const DeadLetterPath = z.extend(AgentPath, {
  dead_letter_id: deadLetterId.check(z.describe('The dead letter, as the list names it.')),
})

/** Body of redrive and discard: some dead letters by id, or all of an inbox. */
export const SelectDeadLetters = z
  .union(
    [
      z.strictObject({ ids: z.array(deadLetterId).check(z.minLength(1), z.maxLength(100)) }),
      z.strictObject({ all: z.literal(true) }),
    ],
    'must be {"ids": […]} with 1 to 100 ids, or {"all": true}',
  )
  .check(
    z.describe(
      'Some dead letters by id, or all that the inbox has now. Those that are no longer dead are passed over.',
    ),
  )
