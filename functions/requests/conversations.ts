import * as z from 'zod/mini'
import { once } from '../../core/once.ts'
import { Printable } from '../../core/protocol/printable.ts'
import { paging } from './paging.ts'
import { timeRange } from './time-range.ts'

export const ConversationPath = once(() =>
  z.object({ conversation_id: z.uuid().check(z.describe('The conversation.')) }),
)

/** Query of `GET /v1/conversations`. */
export const ConversationQuery = once(() =>
  z
    .strictObject({
      agent: z.exactOptional(Printable().check(z.describe('Only messages that this agent sent or received.'))),
      with: z.exactOptional(Printable().check(z.describe('Only those between `agent` and this one.'))),
      search: z.exactOptional(
        z
          .string()
          .check(
            z.minLength(1),
            z.maxLength(256),
            z.describe(
              'Only messages whose body has all of these words, in any case; `"words in a row"`, `or` and `-without` are understood.',
            ),
          ),
      ),
      ...timeRange(),
      ...paging(),
    })
    .check(
      z.refine((query) => query.with === undefined || query.agent !== undefined, {
        path: ['with'],
        error: 'is the other one of two agents: give agent too',
      }),
    ),
)
