import * as z from 'zod'
import { AgentMessage } from '../../core/protocol/message.ts'

const moment = z.iso.datetime()
const count = z.int().min(0)

export const Counts = z
  .strictObject({
    ready: count.describe('Can be received now.'),
    held: count.describe('Wait for another message of their ordering key.'),
    delayed: count.describe('Wait for their delay or for the next attempt.'),
    leased: count.describe('Were handed over and are not settled yet.'),
    dead: count.describe('Have no attempts left.'),
  })
  .describe("An inbox's messages by state.")

/** An inbox's messages by state, what has happened in it so far, and what does not add up (always nothing). */
export const Inbox = z
  .strictObject({
    agent: z.string(),
    counts: Counts,
    counters: z
      .strictObject({
        accepted: count,
        redriven: count,
        delivered: count,
        died: count,
        discarded: count,
        expired: count,
        bytes: count.describe('Of the messages that are in the inbox now.'),
      })
      .describe('What has happened in this inbox so far.'),
    violations: z.array(z.string()).describe('What does not add up: always nothing.'),
  })
  .describe('What is in an inbox and what has happened in it.')

export const LeasedMessage = z
  .strictObject({
    receipt: z.string().describe('Settles the message; refused once the lease has run out.'),
    attempt: z.int().min(1),
    max_attempts: z.int().min(1),
    leased_until: moment,
    accepted_at: moment,
    message: AgentMessage(),
  })
  .describe('A message under a lease: settle its receipt before the lease ends, or it is handed over again.')

export const Received = z
  .strictObject({
    agent: z.string(),
    messages: z.array(LeasedMessage),
    counts: Counts,
    retry_after: z
      .number()
      .optional()
      .describe('Seconds until asking again makes sense, when too many callers wait already.'),
  })
  .describe('Messages under a lease: CRITICAL first, oldest first inside a priority and an ordering key.')

export const SettledReceipt = z
  .union([
    z.strictObject({
      receipt: z.string(),
      outcome: z
        .enum(['delivered', 'retrying', 'failed', 'extended'])
        .describe('What it came to; `failed` when a nack used up the last attempt.'),
      duplicate: z
        .boolean()
        .describe('True when the receipt was settled before in the same way: this is what it came to then.'),
      next_attempt_at: moment.optional(),
      leased_until: moment.optional(),
    }),
    z.strictObject({
      receipt: z.string(),
      error: z.strictObject({ code: z.literal('receipt.stale'), message: z.string() }),
    }),
  ])
  .describe('What became of one receipt. A stale one changes nothing.')

export const Settled = z
  .strictObject({ results: z.array(SettledReceipt), counts: Counts })
  .describe('One result for each receipt, in the order acks, nacks, extensions.')
