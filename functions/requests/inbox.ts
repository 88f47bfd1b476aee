import * as z from 'zod/mini'
import type { ReceiveInput } from '../../core/bus/receive.ts'
import { once } from '../../core/once.ts'
import { Printable } from '../../core/protocol/printable.ts'

const receipt = once(() => z.string().check(z.minLength(1), z.maxLength(256)))
const leaseSeconds = once(() => z.number().check(z.minimum(0.001), z.maximum(43_200)))

/** Body of `POST …/inbox/receive`. */
export const Receive = once(() =>
  z
    .strictObject({
      max: z._default(z.int().check(z.minimum(1), z.maximum(100), z.describe('How many messages at most.')), 10),
      lease_seconds: z.exactOptional(
        leaseSeconds().check(z.describe("How long the caller has for them, instead of each message's own.")),
      ),
      wait_seconds: z._default(
        z
          .number()
          .check(z.minimum(0), z.maximum(20), z.describe('How long to wait for a first message when there is none.')),
        0,
      ),
      correlation_id: z.exactOptional(Printable().check(z.describe('Only messages of this correlation id.'))),
    })
    .check(z.describe('How much to take, and for how long.')),
)

/** The same in core's terms: milliseconds. */
export function toReceiveInput(body: z.output<ReturnType<typeof Receive>>): Omit<ReceiveInput, 'requestId'> {
  const { max, lease_seconds, wait_seconds, correlation_id } = body
  return {
    max,
    waitMs: Math.round(wait_seconds * 1000),
    ...(lease_seconds === undefined ? {} : { leaseMs: Math.round(lease_seconds * 1000) }),
    ...(correlation_id === undefined ? {} : { correlationId: correlation_id }),
  }
}

const nack = once(() =>
  z.strictObject({
    receipt: receipt(),
    delay_seconds: z.exactOptional(
      z
        .number()
        .check(
          z.minimum(0),
          z.maximum(43_200),
          z.describe("When it comes back, instead of after the message's own backoff."),
        ),
    ),
    reason: z.exactOptional(z.string().check(z.maxLength(1_024))),
  }),
)
const extension = once(() =>
  z.strictObject({ receipt: receipt(), lease_seconds: leaseSeconds().check(z.describe('From now on.')) }),
)

/** Body of `POST …/inbox/settle`: 1 to 100 receipts in all, none of them twice. */
export const Settle = once(() =>
  z
    .strictObject({
      acks: z._default(
        z.array(receipt()).check(z.maxLength(100), z.describe('Receipts of messages that were handled.')),
        [],
      ),
      nacks: z._default(
        z
          .array(nack())
          .check(
            z.maxLength(100),
            z.describe('Messages that were not handled: they come back until their attempts are used up.'),
          ),
        [],
      ),
      extensions: z._default(z.array(extension()).check(z.maxLength(100), z.describe('Leases to prolong.')), []),
    })
    .check(z.describe('1 to 100 receipts in all, none of them twice.'), ({ value, issues }) => {
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
        if (seen.has(receipt))
          issues.push({ code: 'custom', input: receipt, path, message: 'is in this request twice' })
        seen.add(receipt)
      }
    }),
)
