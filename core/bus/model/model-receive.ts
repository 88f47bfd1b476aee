import { type HiveModel, holds, type ModelReceipt, type Period, period } from './hive-model.ts'
import { settleDue } from './settle-due.ts'

export type ModelReceive = { max: number; leaseMs?: number; correlationId?: string; requestId: string }

/** The messages that a receiver is given, in their order. */
export function modelReceive(
  model: HiveModel,
  agent: string,
  input: ModelReceive,
): ModelReceipt[] | { refused: 'agent.unknown' | 'agent.disabled' } {
  const inbox = model.inboxes.get(agent)
  if (!inbox) return { refused: 'agent.unknown' }
  const before = inbox.requests.get(input.requestId)
  if (before && before.remembered !== 'over') {
    return before.given.filter(holds)
  }
  if (!inbox.enabled) return { refused: 'agent.disabled' }
  settleDue(model, inbox)
  const { correlationId } = input
  const ready = inbox.messages.filter(
    ({ state, message }) =>
      state === 'ready' && (correlationId === undefined || message.correlation_id === correlationId),
  )
  // the test's offsets are hours
  ready.sort((a, b) => b.priority - a.priority || a.rank - b.rank)
  let remembered: Period = 'short'
  const given = ready.slice(0, input.max).map((message) => {
    const ms = input.leaseMs ?? Math.round(message.message.delivery_options.lease_seconds * 1000)
    message.state = 'leased'
    message.leased = period(model, ms)
    message.lease++
    message.attempts++
    if (period(model, 2 * ms) === 'long') remembered = 'long'
    return { message, lease: message.lease }
  })
  if (given.length > 0) inbox.requests.set(input.requestId, { given, remembered })
  return given
}
