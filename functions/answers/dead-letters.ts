import * as z from 'zod'
import { AgentMessage } from '../../core/protocol/message.ts'
import { page } from './page.ts'

/** A message whose attempts are used up. */
export const DeadLetter = z
  .strictObject({
    dead_letter_id: z.string(),
    died_at: z.iso.datetime(),
    reason: z.string().describe('Why the last attempt failed.'),
    attempts: z.int(),
    max_attempts: z.int(),
    kept_until: z.iso.datetime().describe('When it is discarded unless someone sees to it.'),
    message: AgentMessage(),
  })
  .describe('A message whose attempts are used up.')

export const DeadLetterPage = page(DeadLetter).describe(
  'Dead letters, oldest first; a page ends early when its messages are large.',
)

export const Redriven = z
  .strictObject({ redriven: z.int().min(0) })
  .describe('How many were sent again, each with a new life and all its attempts.')

export const Discarded = z.strictObject({ discarded: z.int().min(0) }).describe('How many were thrown away.')
