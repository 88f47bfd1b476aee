import * as z from 'zod'
import { Status } from '../../core/protocol/status.ts'

const moment = z.iso.datetime()

export const Published = z
  .strictObject({
    message_id: z.string(),
    from_agent: z.string(),
    to_agent: z.string(),
    status: Status,
    accepted_at: moment,
    duplicate: z
      .boolean()
      .describe('True when the same message was accepted before: the rest is what became of that one.'),
    recipients: z
      .int()
      .optional()
      .describe('Of a message to a topic: how many subscribers the topic has now, whatever message types they want.'),
    routed_to: z
      .string()
      .optional()
      .describe('Of a message to a capability: the agent that it was routed to; absent while it waits for one.'),
  })
  .describe('A message that is accepted: it will be delivered, or become a dead letter, or expire.')

export const PublishedBatch = z
  .strictObject({ results: z.array(Published) })
  .describe('One result for each message, in order.')

export const RecipientStatus = z.strictObject({
  agent: z.string(),
  status: Status,
  state: z.enum(['ready', 'held', 'delayed', 'leased', 'dead', 'settled']).describe('Where it stands in the inbox.'),
  accepted_at: moment,
  attempts: z.int(),
  max_attempts: z.int(),
  expires_at: moment,
  settled_at: moment.optional(),
  reason: z.string().optional().describe('Why the last attempt failed.'),
  waiting: z
    .strictObject({
      because: z.string().describe('What it waits for, in words.'),
      ahead: z.int().optional().describe('How many messages come before it.'),
      until: moment.optional(),
    })
    .optional(),
})

export const FanOutStatus = z
  .strictObject({
    topic: z.string(),
    status: Status.check(z.describe('pending until every subscriber was handed it.')),
    accepted_at: moment,
    expires_at: moment,
    handed: z.int().describe('Subscribers that it was handed to.'),
    full: z.int().describe('Subscribers whose inboxes are full; it is tried again.'),
    failed: z.int().describe('Subscribers that could not be given it.'),
  })
  .describe('How far a message to a topic has come.')

export const MessageStatus = z
  .strictObject({
    message_id: z.string(),
    from_agent: z.string(),
    recipients: z.array(RecipientStatus),
    fan_out: FanOutStatus.optional(),
    next_cursor: z
      .string()
      .nullable()
      .optional()
      .describe('Of a message to a topic: where its further recipients are.'),
  })
  .describe('What became of a message at each of its recipients.')
