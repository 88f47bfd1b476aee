import * as z from 'zod'
import { Printable } from '../../core/protocol/printable.ts'
import { paging } from './paging.ts'
import { timeRange } from './time-range.ts'

export const ConversationPath = z.object({ conversation_id: z.uuid().describe('The conversation.') })

/** Query of `GET /v1/conversations`. */
export const ConversationQuery = z
  .strictObject({
    agent: Printable.describe('Only messages that this agent sent or received.').exactOptional(),
    with: Printable.describe('Only those between `agent` and this one.').exactOptional(),
    search: z
      .string()
      .min(1)
      .max(256)
      .describe(
        'Only messages whose body has all of these words, in any case; `"words in a row"`, `or` and `-without` are understood.',
      )
      .exactOptional(),
    ...timeRange,
    ...paging,
  })
  .refine((query) => query.with === undefined || query.agent !== undefined, {
    path: ['with'],
    error: 'is the other one of two agents: give agent too',
  })
