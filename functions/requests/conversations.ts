import * as z from 'zod'
import { Printable } from '../../core/protocol/printable.ts'
import { paging } from './paging.ts'
import { timeRange } from './time-range.ts'

export const ConversationPath = z.object({ conversation_id: z.uuid() })

/** Query of `GET /v1/conversations`. */
export const ConversationQuery = z
  .strictObject({
    agent: Printable.exactOptional(),
    with: Printable.exactOptional(),
    search: z.string().min(1).max(256).exactOptional(),
    ...timeRange,
    ...paging,
  })
  .refine((query) => query.with === undefined || query.agent !== undefined, {
    path: ['with'],
    error: 'is the other one of two agents: give agent too',
  })
