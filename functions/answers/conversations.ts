import * as z from 'zod'
import { Status } from '../../core/protocol/status.ts'
import { page } from './page.ts'

/** A message at one recipient. */
const ConversationMessage = z.strictObject({
  id: z.string().regex(/^\d+$/),
  conversation_id: z.uuid(),
  from_agent: z.string(),
  to_agent: z.string(),
  message_type: z.string(),
  /** The body as JSON text; null where it is too large for an answer, which only one that was migrated can be. */
  content: z.string().nullable(),
  timestamp: z.iso.datetime({ offset: true }),
  message_id: z.string(),
  priority: z.int().min(1).max(4),
  status: Status,
  /** Microseconds since 1970 by the bus's clock. */
  status_at: z.number(),
  attempts: z.int().min(0),
  reason: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
})

/** A conversation oldest first; a list of messages newest first. A page ends early when its messages are large. */
export const ConversationPage = page(ConversationMessage)
