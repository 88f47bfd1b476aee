import { type HiveModel, holds, inboxOf, type ModelMessage, type ModelReceipt, period } from './hive-model.ts'
import { die, end, letGo, release } from './move-message.ts'

export type ModelAction = {
  action: 'ack' | 'nack' | 'extend'
  receipt: ModelReceipt | undefined
  ms: number
  reason: string
}

export type ModelResult = { outcome: string; duplicate: boolean; at?: string | undefined } | 'stale'

/** Settles receipts one after the other. A call sent again has the same `requestId`. */
export function modelSettle(
  model: HiveModel,
  agent: string,
  actions: ModelAction[],
  { requestId, random }: { requestId: string; random: number },
): ModelResult[] {
  const inbox = inboxOf(model, agent)
  let place = 0
  const extended = new Set<ModelMessage>()
  const results = actions.map(({ action, receipt, ms, reason }): ModelResult => {
    if (!receipt) return 'stale'
    place++
    const { message, lease } = receipt
    if (!holds(receipt)) {
      if (message.state === 'settled') {
        return action === 'ack' && message.deliveredBy === lease ? { outcome: 'delivered', duplicate: true } : 'stale'
      }
      const { done } = message
      return done?.lease === lease && done.action === action
        ? { outcome: done.outcome, duplicate: true, at: done.at }
        : 'stale'
    }
    if (action === 'ack') {
      message.deliveredBy = lease
      message.reason = ''
      end(inbox, message, 'delivered')
      return { outcome: 'delivered', duplicate: false }
    }
    if (action === 'extend') {
      // the last one of a call counts, and one that is sent again does nothing more
      const extension = `${lease} ${requestId}`
      if (message.extendedBy !== extension || extended.has(message)) message.leased = period(model, ms)
      message.extendedBy = extension
      extended.add(message)
      return { outcome: 'extended', duplicate: false }
    }
    if (message.attempts >= message.message.delivery_options.max_attempts) {
      message.done = { lease, action, outcome: 'failed' }
      die(model, inbox, message, reason)
      return { outcome: 'failed', duplicate: false }
    }
    const delayMs = ms >= 0 ? ms : backoffMs(message, random, place)
    message.done = { lease, action, outcome: 'retrying' }
    message.reason = reason
    message.delay = delayMs === 0 ? 'none' : period(model, delayMs)
    letGo(message)
    return { outcome: 'retrying', duplicate: false }
  })
  release(inbox)
  return results
}

/** Full jitter: a part of min(cap, base × 2^(attempts − 1)), spread over the receipts of one call. */
function backoffMs({ message, attempts }: ModelMessage, random: number, place: number): number {
  const { type, base_seconds, cap_seconds } = message.delivery_options.backoff
  const base = Math.round(base_seconds * 1000)
  if (type === 'fixed') return base
  const part = (random + place * 0.6180339887) % 1
  return Math.floor(Math.min(Math.round(cap_seconds * 1000), base * 2 ** (attempts - 1)) * part)
}
