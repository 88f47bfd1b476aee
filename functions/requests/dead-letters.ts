import * as z from 'zod'
import { AgentName } from '../../core/protocol/agent-name.ts'

const deadLetterId = z.string().min(1).max(256)

export const DeadLetterPath = z.object({ agent: AgentName, dead_letter_id: deadLetterId })

/** Body of redrive and discard: some dead letters by id, or all of an inbox. */
export const SelectDeadLetters = z.union(
  [z.strictObject({ ids: z.array(deadLetterId).min(1).max(100) }), z.strictObject({ all: z.literal(true) })],
  'must be {"ids": […]} with 1 to 100 ids, or {"all": true}',
)
