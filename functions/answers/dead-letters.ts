import * as z from 'zod'
import { AgentMessage } from '../../core/protocol/message.ts'
import { page } from './page.ts'

/** A message whose attempts are used up. */
export const DeadLetter = z.strictObject({
  dead_letter_id: z.string(),
  died_at: z.iso.datetime(),
  reason: z.string(),
  attempts: z.int(),
  max_attempts: z.int(),
  kept_until: z.iso.datetime(),
  message: AgentMessage,
})

/** Oldest first; a page ends early when its messages are large. */
export const DeadLetterPage = page(DeadLetter)

export const Redriven = z.strictObject({ redriven: z.int().min(0) })
export const Discarded = z.strictObject({ discarded: z.int().min(0) })
