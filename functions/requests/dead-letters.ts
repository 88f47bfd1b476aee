import * as z from 'zod/mini'
import type { DeadLetterSelection } from '../../core/bus/dead-letters.ts'
import { once } from '../../core/once.ts'
import { AgentPath } from './agents.ts'

const deadLetterId = once(() => z.string().check(z.minLength(1), z.maxLength(256)))

export const DeadLetterPath = once(() =>
  z.extend(AgentPath(), {
    dead_letter_id: deadLetterId().check(z.describe('The dead letter, as the list names it.')),
  }),
)

/** Body of redrive and discard: some dead letters by id, or all of an inbox. */
export const SelectDeadLetters = once(() =>
  z
    .strictObject({
      ids: z.exactOptional(
        z.array(deadLetterId()).check(z.minLength(1), z.maxLength(100), z.describe('These; not together with `all`.')),
      ),
      all: z.exactOptional(z.literal(true, 'must be true').check(z.describe('All that the inbox has now.'))),
    })
    .check(
      z.refine(({ ids, all }) => ids !== undefined || all !== undefined, {
        path: ['ids'],
        error: 'or all must be given',
      }),
      z.refine(({ ids, all }) => ids === undefined || all === undefined, {
        path: ['all'],
        error: 'must not be given together with ids',
      }),
      z.describe('Some dead letters by id, or all. Those that are no longer dead are passed over.'),
    ),
)

/** The same in core's terms. */
export function toSelection({ ids }: z.output<ReturnType<typeof SelectDeadLetters>>): DeadLetterSelection {
  return ids === undefined ? { all: true } : { ids }
}
