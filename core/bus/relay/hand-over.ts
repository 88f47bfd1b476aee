import { HiveError } from '../../errors.ts'
import type { Hive } from '../../hive.ts'
import { type DeliveryOptions, unsaidDelivery } from '../../protocol/delivery-options.ts'
import { shardOf } from '../keys.ts'
import { decodeReceipt } from '../receipt.ts'
import type { Leased } from '../receive.ts'
import { handOverScript } from '../scripts/hand-over.ts'
import { bodyKey } from '../shared-bodies.ts'
import { sendWakes } from '../wake.ts'

/**
 * What became of a message at one recipient: it has it now, it had it before (or another one has what is for one alone),
 * its inbox is full for now, or there is no such agent or it is disabled.
 */
export type HandOver = 'accepted' | 'already' | 'full' | 'unknown' | 'disabled'

export type HandOverOptions = {
  /** How far the recipients of a topic have been read: kept, so that the next holder of the message goes on there. */
  cursor?: string
  /** Recipients without room will not be asked again: the message has failed there. */
  giveUp?: boolean
  /** At most one recipient ever has the message. */
  single?: boolean
}

/**
 * Hands a message that a relay has leased to some of its recipients, to each once. Gives what became of it at each, or
 * why nothing was done: the lease or the message's life has ended.
 * Raises history.backlog, redis.unavailable.
 */
export async function handOver(
  hive: Hive,
  relay: string,
  leased: Leased,
  recipients: string[],
  options: HandOverOptions = {},
): Promise<HandOver[] | 'stale' | 'expired'> {
  const { bus } = hive
  const { keys } = bus
  const receipt = decodeReceipt(leased.receipt)
  if (!receipt || recipients.length === 0) return []
  const requestId = hive.ids.requestId()
  const shards = [...new Set(recipients.map(shardOf))]
  const answer = await bus.run(handOverScript, requestId, (moment) => ({
    keys: [
      keys.handed(relay, receipt.sequence),
      keys.later(relay, receipt.sequence),
      keys.inbox(relay),
      ...(receipt.body === null
        ? [keys.inbox(relay), keys.inbox(relay)]
        : [bodyKey(keys, relay, receipt.body), keys.sharedHolders(receipt.body)]),
      ...recipients.flatMap((agent) => [
        keys.inbox(agent),
        keys.ready(agent),
        keys.timers(agent),
        keys.correlated(agent),
        keys.hops(agent, moment.short),
      ]),
      ...shards.flatMap((shard) => [keys.outbox(shard), keys.outboxBytes(shard), keys.due(shard)]),
    ],
    args: [
      relay,
      receipt.sequence,
      String(receipt.lease),
      deliveryOf(leased.message.delivery_options),
      options.cursor ?? '',
      options.giveUp ? '1' : '0',
      options.single ? '1' : '0',
      String(recipients.length),
      String(shards.length),
      ...recipients,
      ...recipients.map((agent) => String(shards.indexOf(shardOf(agent)) + 1)),
    ],
  }))
  if (answer[0] === 'stale' || answer[0] === 'expired') return answer[0]
  if (answer[0] === 'backlog') {
    throw new HiveError('history.backlog', 'History is too far behind to hand messages over.', { retryAfter: 10 })
  }
  const [, , history, wakes, results] = answer as ['ok', string, number[], (number | string)[], HandOver[]]
  const deliver = []
  for (let i = 0; i < wakes.length; i += 2) {
    deliver.push({ agent: recipients[Number(wakes[i])] as string, delayMs: Number(wakes[i + 1]) })
  }
  await sendWakes(hive, { requestId, deliver, history: history.map((index) => shards[Number(index)] as number) })
  return results
}

/** What a message asks of its delivery to a recipient, as the scripts read it: times in ms. */
export function deliveryOf(options: DeliveryOptions): string {
  return options === unsaidDelivery ? unsaidText : textOf(options)
}

const unsaidText = textOf(unsaidDelivery)

function textOf({ max_attempts, lease_seconds, backoff }: DeliveryOptions): string {
  return [
    max_attempts,
    Math.round(lease_seconds * 1000),
    backoff.type === 'fixed' ? 'f' : 'e',
    Math.round(backoff.base_seconds * 1000),
    Math.round(backoff.cap_seconds * 1000),
  ].join(' ')
}
