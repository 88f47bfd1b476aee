import { claimDelivery, type Leased } from '../bus/receive.ts'
import { closeRelay } from '../bus/relay/open-relay.ts'
import { type Action, settleActions } from '../bus/settle.ts'
import { HiveError } from '../errors.ts'
import type { Hive } from '../hive.ts'

/** Messages that a relay leases at once. */
const batch = 10

/** What is to become of a message that a relay has leased: it has gone on, it is tried again later, or by the next worker. */
export type RelayDecision = { kind: 'done' } | { kind: 'later'; ms: number } | { kind: 'release' }

/**
 * Works on what a relay holds, in order of urgency, one message after the other, for at most the delivery budget. One
 * worker at a time, as with deliveries; one that stops with work left asks for the next wake while it settles. A relay
 * that holds nothing more is removed unless its topic has subscribers. Raises redis.unavailable.
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
    for (const leased of claim.messages) {
      const decision: RelayDecision = stop
        ? { kind: 'release' }
        : await decide(hive, relay, leased, () => work(leased, end))
      stop ||= decision.kind === 'release'
      actions.push(actionFor(leased, decision))
    }
    const last = stop || clock.now() >= end
    await settleActions(hive, relay, actions, { id, last, breaker: { failures: 0, openUntilMs: 0 } })
    if (last) return
  }
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
    return { kind: 'later', ms: hive.config.relayRetryMs }
  }
}

function actionFor({ receipt }: Leased, decision: RelayDecision): Action {
  const of = (action: Action['action'], reason = '', ms = 0): Action => ({ action, receipt, ms, reason, field: '' })
  switch (decision.kind) {
    case 'done':
      return of('a')
    case 'later':
      return of('n', 'not every recipient has room for it', decision.ms)
    case 'release':
      return of('r')
  }
}
