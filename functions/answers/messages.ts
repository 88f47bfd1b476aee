import * as z from 'zod'
import { Status } from '../../core/protocol/status.ts'

const moment = z.iso.datetime()

export const Published = z.strictObject({
  message_id: z.string(),
  from_agent: z.string(),
  to_agent: z.string(),
  status: Status,
  accepted_at: moment,
  duplicate: z.boolean(),
})

export const PublishedBatch = z.strictObject({ results: z.array(Published) })

const RecipientStatus = z.strictObject({
  agent: z.string(),
  status: Status,
  state: z.enum(['ready', 'held', 'delayed', 'leased', 'dead', 'settled']),
  accepted_at: moment,
  attempts: z.int(),
  max_attempts: z.int(),
  expires_at: moment,
  settled_at: moment.optional(),
  reason: z.string().optional(),
  waiting: z.strictObject({ because: z.string(), ahead: z.int().optional(), until: moment.optional() }).optional(),
})

/** What became of a message at each of its recipients. */
export const MessageStatus = z.strictObject({
  message_id: z.string(),
  from_agent: z.string(),
  recipients: z.array(RecipientStatus),
})
