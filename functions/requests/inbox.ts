import * as z from 'zod'
import type { ReceiveInput } from '../../core/bus/receive.ts'
import { Printable } from '../../core/protocol/printable.ts'

const receipt = z.string().min(1).max(256)
const delaySeconds = z.number().min(0).max(43_200)
const leaseSeconds = z.number().min(0.001).max(43_200)

/** Body of `POST …/inbox/receive`. */
export const Receive = z
  .strictObject({
    max: z.int().min(1).max(100).describe('How many messages at most.').default(10),
    lease_seconds: leaseSeconds
      .describe("How long the caller has for them, instead of each message's own.")
      .exactOptional(),
    wait_seconds: z
      .number()
      .min(0)
      .max(20)
      .describe('How long to wait for a first message when there is none.')
      .default(0),
    correlation_id: Printable.describe('Only messages of this correlation id.').exactOptional(),
  })
  .describe('How much to take, and for how long.')

/** The same in core's terms: milliseconds. */
export function toReceiveInput(body: z.output<typeof Receive>): Omit<ReceiveInput, 'requestId'> {
  const { max, lease_seconds, wait_seconds, correlation_id } = body
  return {
    max,
    waitMs: Math.round(wait_seconds * 1000),
    ...(lease_seconds === undefined ? {} : { leaseMs: Math.round(lease_seconds * 1000) }),
    ...(correlation_id === undefined ? {} : { correlationId: correlation_id }),
  }
}

/** Body of `POST …/inbox/settle`: 1 to 100 receipts in all, none of them twice. */
export const Settle = z
  .strictObject({
    acks: z.array(receipt).max(100).describe('Receipts of messages that were handled.').default([]),
    nacks: z
      .array(
        z.strictObject({
          receipt,
          delay_seconds: delaySeconds
            .describe("When it comes back, instead of after the message's own backoff.")
            .exactOptional(),
          reason: z.string().max(1_024).exactOptional(),
        }),
      )
      .max(100)
      .describe('Messages that were not handled: they come back until their attempts are used up.')
      .default([]),
    extensions: z
      .array(z.strictObject({ receipt, lease_seconds: leaseSeconds.describe('From now on.') }))
      .max(100)
      .describe('Leases to prolong.')
      .default([]),
  })
  .describe('1 to 100 receipts in all, none of them twice.')
  .check(({ value, issues }) => {
    const named: [path: PropertyKey[], receipt: string][] = [
      ...value.acks.map((ack, index): [PropertyKey[], string] => [['acks', index], ack]),
      ...value.nacks.map((nack, index): [PropertyKey[], string] => [['nacks', index, 'receipt'], nack.receipt]),
      ...value.extensions.map((it, index): [PropertyKey[], string] => [['extensions', index, 'receipt'], it.receipt]),
    ]
    if (named.length < 1 || named.length > 100) {
      const message = `acks, nacks and extensions hold ${named.length} receipts in all; 1 to 100 are taken`
      issues.push({ code: 'custom', input: value, path: ['acks'], message })
    }
    const seen = new Set<string>()
    for (const [path, receipt] of named) {
      if (seen.has(receipt)) issues.push({ code: 'custom', input: receipt, path, message: 'is in this request twice' })
      seen.add(receipt)
    }
  })
