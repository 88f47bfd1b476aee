import type { HiveModel, ModelInbox, ModelMessage } from './hive-model.ts'

/** Puts a message at the tail of its ordering key, if it has one, and lets it wait or run. */
export function enter(inbox: ModelInbox, message: ModelMessage): void {
  const key = message.message.delivery_options.ordering_key
  if (key !== undefined) {
    const chain = inbox.chains.get(key) ?? []
    inbox.chains.set(key, chain)
    chain.push(message)
    const head = chain[0] as ModelMessage
    head.priority = Math.max(head.priority, message.message.priority)
    if (head !== message) {
      message.state = 'held'
      return
    }
  }
  letGo(message)
}

/** Lets a message go that nothing but its own delay holds. */
export function letGo(message: ModelMessage): void {
  message.state = message.delay === 'short' || message.delay === 'long' ? 'delayed' : 'ready'
}

/** Takes a message out of its ordering key; the next head of the key is let go by `release`. */
function unlink(inbox: ModelInbox, message: ModelMessage): void {
  const key = message.message.delivery_options.ordering_key
  if (key === undefined) return
  const chain = (inbox.chains.get(key) ?? []).filter((other) => other !== message)
  if (chain.length > 0) inbox.chains.set(key, chain)
  else inbox.chains.delete(key)
}

/** Lets the first of each ordering key go. */
export function release(inbox: ModelInbox): void {
  for (const chain of inbox.chains.values()) {
    const head = chain[0] as ModelMessage
    if (head.state !== 'held') continue
    head.priority = Math.max(...chain.map(({ message }) => message.priority))
    letGo(head)
  }
}

/** Ends a message; call `release` afterwards. */
export function end(inbox: ModelInbox, message: ModelMessage, status: 'delivered' | 'expired' | 'discarded'): void {
  if (message.state !== 'dead') unlink(inbox, message)
  message.state = 'settled'
  message.status = status
  inbox.counters[status]++
  inbox.counters.bytes -= message.size
}

/** Makes a dead letter of a message; call `release` afterwards. */
export function die(model: HiveModel, inbox: ModelInbox, message: ModelMessage, reason: string): void {
  unlink(inbox, message)
  message.state = 'dead'
  message.status = 'failed'
  message.reason = reason
  message.retention = model.limits.retention
  if (message.retention === 'short') model.pendingMs = Math.max(model.pendingMs, 1)
  inbox.counters.died++
}
