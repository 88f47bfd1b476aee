import * as z from 'zod'
import { Status } from '../../core/protocol/status.ts'
import { page } from './page.ts'

export const ConversationMessage = z
  .strictObject({
    id: z.string().regex(/^\d+$/),
    conversation_id: z.uuid(),
    from_agent: z.string(),
    to_agent: z.string(),
    message_type: z.string(),
    content: z
      .string()
      .nullable()
      .describe(
        'The body as JSON text; null if it is too large for an answer, which only one that was migrated can be.',
      ),
    timestamp: z.iso.datetime({ offset: true }),
    message_id: z.string(),
    priority: z.int().min(1).max(4),
    status: Status,
    status_at: z.number().describe('Microseconds since 1970.'),
    attempts: z.int().min(0),
    reason: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()),
  })
  .describe('A message at one recipient.')

export const ConversationPage = page(ConversationMessage).describe(
  'A conversation oldest first, a list of messages newest first. A page ends early when its messages are large.',
)
