import * as z from 'zod/mini'
import { messageFields } from './message.ts'

const fields = messageFields()

/**
 * What `parseMessage` reads, for who describes it. A sender may leave out on top of the defaults the id and the timestamp,
 * which acceptance fills in, and itself, where its key tells who it is.
 */
export const PublishInput = z
  .strictObject({
    ...fields,
    message_id: z.exactOptional(fields.message_id),
    from_agent: z.exactOptional(fields.from_agent),
    timestamp: z.exactOptional(fields.timestamp),
  })
  .check(
    z.describe(
      'A message, version 1; the id, the timestamp and, by the key of an agent, the sender are filled in at acceptance. Messages of the older shapes are read too.',
    ),
  )
