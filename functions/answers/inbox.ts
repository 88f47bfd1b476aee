import * as z from 'zod'
import { AgentMessage } from '../../core/protocol/message.ts'

const moment = z.iso.datetime()
const count = z.int().min(0)

const Counts = z.strictObject({ ready: count, held: count, delayed: count, leased: count, dead: count })

/** An inbox's messages by state, what has happened in it so far, and what does not add up (always nothing). */
export const Inbox = z.strictObject({
  agent: z.string(),
  counts: Counts,
  counters: z.strictObject({
    accepted: count,
    redriven: count,
    delivered: count,
    died: count,
    discarded: count,
    expired: count,
    bytes: count,
  }),
  violations: z.array(z.string()),
})

/** Messages under a lease. `retry_after`: seconds until asking again makes sense, when too many callers wait. */
export const Received = z.strictObject({
  agent: z.string(),
  messages: z.array(
    z.strictObject({
      receipt: z.string(),
      attempt: z.int().min(1),
      max_attempts: z.int().min(1),
      leased_until: moment,
      accepted_at: moment,
      message: AgentMessage,
    }),
  ),
  counts: Counts,
  retry_after: z.number().optional(),
})

const SettledReceipt = z.union([
  z.strictObject({
    receipt: z.string(),
    outcome: z.enum(['delivered', 'retrying', 'failed', 'extended']),
    duplicate: z.boolean(),
    next_attempt_at: moment.optional(),
    leased_until: moment.optional(),
  }),
  z.strictObject({
    receipt: z.string(),
    error: z.strictObject({ code: z.literal('receipt.stale'), message: z.string() }),
  }),
])

/** One result for each receipt, in the order acks, nacks, extensions. */
export const Settled = z.strictObject({ results: z.array(SettledReceipt), counts: Counts })
