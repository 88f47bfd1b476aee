import * as z from 'zod/mini'
import { once } from '../once.ts'
import { Printable } from './printable.ts'

/** Bounds that the upcast of older shapes shares with the schema. */
export const deliveryLimits = { maxAttempts: 100, backoffSeconds: 43_200 } as const

const defaults = {
  delay_seconds: 0,
  max_attempts: 5,
  backoff: { type: 'exponential', base_seconds: 2, cap_seconds: 300 },
  lease_seconds: 30,
} as const

/**
 * How a message is delivered and tried again. Seconds may have a fraction, down to a millisecond.
 * - `delay_seconds`: not handed over before this long after acceptance; it must be less than the ttl.
 * - `max_attempts`: hand-overs in all, the first included; the last one that fails makes a dead letter.
 * - `backoff`: the wait after attempt n. `exponential` is a random time between 0 and
 *   min(cap_seconds, base_seconds × 2^(n−1)) (full jitter), `fixed` is base_seconds each time (the cap has no part in
 *   it). Just the type may be given as a string.
 * - `lease_seconds`: how long a recipient has until the message is handed over again.
 * - `ordering_key`: messages to one recipient with the same key are handed over one at a time, in publish order.
 * - `wait_for_recipient`: a message to a capability that no live agent has waits until one has it, at most its ttl.
 *
 * Made when a message says something of its delivery: most say nothing, and to make it is a tenth of what a publish loads.
 */
export const DeliveryOptions = once(() => {
  const waitSeconds = z.number().check(z.minimum(0), z.maximum(deliveryLimits.backoffSeconds))

  const Backoff = z
    .strictObject({
      type: z._default(z.enum(['exponential', 'fixed']), defaults.backoff.type),
      base_seconds: z._default(waitSeconds, defaults.backoff.base_seconds),
      cap_seconds: z._default(waitSeconds, defaults.backoff.cap_seconds),
    })
    .check(
      z.refine((backoff) => backoff.type === 'fixed' || backoff.base_seconds <= backoff.cap_seconds, {
        path: ['base_seconds'],
        error: `must not be more than cap_seconds (${defaults.backoff.cap_seconds} unless given)`,
      }),
    )

  return z.strictObject({
    delay_seconds: z._default(
      z.number().check(z.minimum(0), z.describe('Not handed over before; less than the ttl.')),
      defaults.delay_seconds,
    ),
    max_attempts: z._default(
      z
        .int()
        .check(
          z.minimum(1),
          z.maximum(deliveryLimits.maxAttempts),
          z.describe('Hand-overs in all; the last one that fails makes a dead letter.'),
        ),
      defaults.max_attempts,
    ),
    backoff: z.prefault(
      z
        .pipe(
          z.transform((given) => (typeof given === 'string' ? { type: given } : given)),
          Backoff,
        )
        .check(
          z.describe(
            'The wait after attempt n: `exponential` is up to min(cap, base × 2^(n−1)) at random, `fixed` is the base.',
          ),
        ),
      {},
    ),
    lease_seconds: z._default(
      z
        .number()
        .check(
          z.minimum(0.001),
          z.maximum(43_200),
          z.describe('How long its recipient has until it is handed over again.'),
        ),
      defaults.lease_seconds,
    ),
    ordering_key: z.exactOptional(
      Printable().check(
        z.describe('Messages to one recipient with the same key are handed over one at a time, in publish order.'),
      ),
    ),
    wait_for_recipient: z.exactOptional(
      z
        .boolean()
        .check(
          z.describe('For `capability:` addresses: accepted although no live agent can do it, to wait until one can.'),
        ),
    ),
  })
})
export type DeliveryOptions = z.output<ReturnType<typeof DeliveryOptions>>

/**
 * Where a sender says nothing, which is most often: one object for all such messages, so that reading a message does not build
 * it anew and writing one may know it. Nobody may change it. Stored messages leave it out, so other values are another version.
 */
export const unsaidDelivery: DeliveryOptions = defaults
Object.freeze(unsaidDelivery)
Object.freeze(unsaidDelivery.backoff)
