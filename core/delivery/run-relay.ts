import { claimDelivery, type Leased } from '../bus/receive.ts'
import { closeRelay } from '../bus/relay/open-relay.ts'
import { type Action, settleActions } from '../bus/settle.ts'
import { HiveError } from '../errors.ts'
import type { Hive } from '../hive.ts'
import { closedBreaker } from './breaker.ts'

/** Messages that a relay leases at once. */
const batch = 10

/** Messages that wait for room and are tried again within each `relayRetryMs`; where there are more, each has its turn less often. */
const waitingAtOnce = 50
/** In so many `relayRetryMs` each has its turn. */
const longestTurn = 60

/**
 * What is to become of a message that a relay has leased: it has gone on; it is tried again later, because some recipient
 * has no room for it, or because its delay has not ended (`until`, in ms by Redis's clock); the next worker goes on with it;
 * or nobody can be given anything now, so that all of it is held.
 */
export type RelayDecision =
  | { kind: 'done' }
  | { kind: 'later'; until?: number }
  | { kind: 'release' }
  | { kind: 'hold' }

/**
 * Works on what a relay holds, in order of urgency, one message after the other, for at most the delivery budget. One
 * worker at a time, as with deliveries; one that stops with work left asks for the next wake while it settles. A relay
 * that holds nothing more is removed unless its topic has subscribers; one whose messages nobody can be given is held for
 * `relayRetryMs`, in its order. Raises redis.unavailable.
 */
export async function runRelay(
  hive: Hive,
  relay: string,
  work: (leased: Leased, end: number) => Promise<RelayDecision>,
): Promise<void> {
  const { config, clock, ids } = hive
  const id = ids.requestId()
  const end = clock.now() + config.deliveryBudgetMs
  // outlives the last script of the budget
  const leaseMs = config.deliveryBudgetMs + 2 * config.redisTimeoutMs
  for (;;) {
    const claim = await claimDelivery(hive, relay, { max: batch, delivery: { id, leaseMs } })
    if (claim.blocked) return
    if (claim.messages.length === 0) {
      await closeRelay(hive, relay)
      return
    }
    const actions: Action[] = []
    let stop = false
    let held = false
    for (const leased of claim.messages) {
      const decision: RelayDecision = stop
        ? { kind: 'release' }
        : await decide(hive, relay, leased, () => work(leased, end))
      held ||= decision.kind === 'hold'
      stop ||= held || decision.kind === 'release'
      actions.push(actionFor(leased, decision, (until) => waitOf(hive, leased, claim.counts.delayed, until)))
    }
    const last = stop || clock.now() >= end
    const breaker = held ? { failures: 0, openUntilMs: hive.bus.now() + config.relayRetryMs } : closedBreaker
    await settleActions(hive, relay, actions, { id, last, breaker })
    if (last) return
  }
}

/**
 * How long a message waits until those of its recipients that had no room are asked again: `relayRetryMs`, longer where so
 * many messages wait that asking for each would be all that is done. The last time is `relayRetryMs` before its life ends.
 */
function waitOf({ bus, config }: Hive, leased: Leased, waiting: number, until: number | undefined): number {
  const { relayRetryMs } = config
  if (until !== undefined) return Math.max(1, Math.ceil(until - bus.now()))
  const turn = Math.min(Math.max(1, waiting / waitingAtOnce), longestTurn) * relayRetryMs
  const left = endOfLife(leased) - relayRetryMs - bus.now()
  return Math.ceil(left > 0 ? Math.min(turn, left) : relayRetryMs)
}

/** When a message's life ends, in ms by Redis's clock. */
export function endOfLife({ accepted_at, message }: Leased): number {
  return Date.parse(accepted_at) + message.ttl * 1000
}

/** History that is behind holds up a relay as it holds up senders. */
async function decide(
  hive: Hive,
  relay: string,
  leased: Leased,
  work: () => Promise<RelayDecision>,
): Promise<RelayDecision> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof HiveError) || error.code !== 'history.backlog') throw error
    hive.log.warn('a relay waits for history', { relay, message_id: leased.message.message_id })
    return { kind: 'hold' }
  }
}

function actionFor({ receipt }: Leased, decision: RelayDecision, wait: (until?: number) => number): Action {
  const of = (action: Action['action'], reason = '', ms = 0): Action => ({ action, receipt, ms, reason, field: '' })
  switch (decision.kind) {
    case 'done':
      return of('a')
    case 'later':
      return of('n', 'not every recipient has room for it', wait(decision.until))
    case 'hold':
    case 'release':
      return of('r')
  }
}
