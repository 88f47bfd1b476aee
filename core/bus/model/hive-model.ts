import { contentDigest } from '../../protocol/digest.ts'
import { encodeEnvelope } from '../../protocol/envelope.ts'
import type { AgentMessage } from '../../protocol/message.ts'
import type { Status } from '../../protocol/status.ts'
import type { Counts } from '../counts.ts'
import type { LiveState } from '../message-state.ts'

/**
 * A period as the model sees it. `short` ones end before the next operation starts, which `passTime` tells the model;
 * `long` ones never end within a test.
 */
export type Period = 'none' | 'short' | 'long' | 'over'

/** Everything the model knows of one message at its recipient. */
export type ModelMessage = {
  message: AgentMessage
  digest: string
  size: number
  /** Place in the order of acceptance. */
  order: number
  /** Place in the inbox: that of acceptance until a redrive puts it at the tail. */
  rank: number
  /** Its own priority, or a higher one that waits behind it in its ordering key. */
  priority: number
  state: LiveState | 'settled'
  status: Status
  attempts: number
  /** Number of the last lease. */
  lease: number
  reason: string
  life: Period
  delay: Period
  leased: Period
  /** Of the dead letter. */
  retention: Period
  /** The last settlement of a lease that left the message alive: it is answered again to the same receipt. */
  done?: { lease: number; action: string; outcome: string; at?: string | undefined } | undefined
  extendedBy?: string
  /** The receipt that delivered it. */
  deliveredBy?: number
  /** By Redis's clock, once an answer has told. */
  acceptedAt?: string
}

export type ModelReceipt = { message: ModelMessage; lease: number }

export type ModelRefusal = { index: number; code: string }

export type ModelAction = {
  action: 'ack' | 'nack' | 'extend'
  receipt: ModelReceipt | undefined
  ms: number
  reason: string
}

export type ModelResult = { outcome: string; duplicate: boolean; at?: string | undefined } | 'stale'

export type ModelCounters = {
  accepted: number
  redriven: number
  delivered: number
  died: number
  discarded: number
  expired: number
  bytes: number
}

export type ModelInbox = {
  agent: string
  enabled: boolean
  version: number
  /** All that were ever accepted here. */
  messages: ModelMessage[]
  /** Live messages of each ordering key in publish order; dead ones have left. */
  chains: Map<string, ModelMessage[]>
  counters: ModelCounters
  /** What each request id of a `receive` was given, while Redis remembers it. */
  requests: Map<string, { given: ModelReceipt[]; remembered: Period }>
  hops: Map<string, number>
}

export type ModelLimits = {
  maxMessages: number
  maxBytes: number
  /** Bytes of the inbox's record in Redis, by the bus's own estimate. */
  maxRecord: number
  maxDead: number
  hopLimit: number
  retention: Period
  /** At most this much counts as short, in ms. */
  shortMs: number
}

export type HiveModel = {
  limits: ModelLimits
  inboxes: Map<string, ModelInbox>
  /** By sender and id. */
  ledger: Map<string, ModelMessage>
  clock: number
  /** ms after which every short period that runs now is over. */
  pendingMs: number
}

/** An empty hive. What it does is what the design says, on plain arrays: no scripts, no keys, no clock. */
export function createModel(limits: ModelLimits, agents: string[]): HiveModel {
  const inboxes = new Map<string, ModelInbox>()
  for (const agent of agents) {
    inboxes.set(agent, {
      agent,
      enabled: true,
      version: 1,
      messages: [],
      chains: new Map(),
      counters: { accepted: 0, redriven: 0, delivered: 0, died: 0, discarded: 0, expired: 0, bytes: 0 },
      requests: new Map(),
      hops: new Map(),
    })
  }
  return { limits, inboxes, ledger: new Map(), clock: 0, pendingMs: 0 }
}

/** How a duration of `ms` looks to the model; keeps in mind how long to wait for it. */
function period(model: HiveModel, ms: number): Period {
  if (ms > model.limits.shortMs) return 'long'
  model.pendingMs = Math.max(model.pendingMs, ms)
  return 'short'
}

/** Ends every short period. Call it once Redis's clock has gone on by more than `pendingMs`. */
export function passTime(model: HiveModel): void {
  const pass = (value: Period): Period => (value === 'short' ? 'over' : value)
  for (const inbox of model.inboxes.values()) {
    for (const message of inbox.messages) {
      message.life = pass(message.life)
      message.delay = pass(message.delay)
      message.leased = pass(message.leased)
      message.retention = pass(message.retention)
    }
    for (const request of inbox.requests.values()) request.remembered = pass(request.remembered)
  }
  model.pendingMs = 0
}

export function countsOf(inbox: ModelInbox): Counts {
  const counts: Counts = { ready: 0, held: 0, delayed: 0, leased: 0, dead: 0 }
  for (const { state } of inbox.messages) if (state !== 'settled') counts[state]++
  return counts
}

/** What a reader of its status is told: a life that is over shows at once, though the inbox settles it later. */
export function visibleStatus(message: ModelMessage): Status {
  const { state, life, leased, attempts } = message
  if (life !== 'over' || state === 'settled' || state === 'dead') return message.status
  if (state !== 'leased') return 'expired'
  // with no attempt left it will be a dead letter
  return leased === 'over' && attempts < message.message.delivery_options.max_attempts ? 'expired' : message.status
}

const identityOf = (message: AgentMessage) => `${message.from_agent}\n${message.message_id}`

export type ModelPublished = { message: ModelMessage; duplicate: boolean; status: Status }

/** Accepts all or none. */
export function publish(model: HiveModel, batch: AgentMessage[]): ModelPublished[] | { refused: ModelRefusal[] } {
  const refused: ModelRefusal[] = []
  const refuse = (index: number, code: string) => refused.push({ index, code })
  const first = new Map<string, { digest: string; index: number }>()
  const digests = batch.map(contentDigest)
  for (const [index, message] of batch.entries()) {
    const digest = digests[index] as string
    const before = first.get(identityOf(message))
    if (before && before.digest !== digest) refuse(index, 'message.conflict')
    if (!before) first.set(identityOf(message), { digest, index })
  }
  // what contradicts itself is not even asked
  if (refused.length > 0) return { refused }

  const room = new Map<string, { count: number; bytes: number; record: number }>()
  const hops = new Map<number, number>()
  for (const [index, message] of batch.entries()) {
    if (first.get(identityOf(message))?.index !== index) continue
    const known = model.ledger.get(identityOf(message))
    if (known) {
      if (known.digest !== digests[index]) refuse(index, 'message.conflict')
      continue
    }
    if (message.causation_id !== undefined) {
      const hop = (model.inboxes.get(message.from_agent)?.hops.get(message.causation_id) ?? 0) + 1
      hops.set(index, hop)
      if (hop > model.limits.hopLimit) refuse(index, 'loop.detected')
    }
    const inbox = model.inboxes.get(message.to_agent)
    if (!inbox) {
      refuse(index, 'agent.unknown')
      continue
    }
    const counts = countsOf(inbox)
    const taken = room.get(inbox.agent) ?? {
      count: counts.ready + counts.held + counts.delayed + counts.leased + counts.dead,
      bytes: inbox.counters.bytes,
      record: inbox.messages.reduce(
        (sum, { state, message }) => sum + (state === 'settled' ? 0 : recordSize(message)),
        0,
      ),
    }
    taken.count += 1
    taken.bytes += Buffer.byteLength(encodeEnvelope(message))
    taken.record += recordSize(message)
    room.set(inbox.agent, taken)
    const { maxMessages, maxBytes, maxRecord, maxDead } = model.limits
    if (!inbox.enabled) refuse(index, 'agent.disabled')
    else if (taken.count > maxMessages || taken.bytes > maxBytes || taken.record > maxRecord)
      refuse(index, 'inbox.full')
    else if (counts.dead >= maxDead) refuse(index, 'inbox.full')
  }
  if (refused.length > 0) return { refused }

  return batch.map((message, index): ModelPublished => {
    const known = model.ledger.get(identityOf(message))
    if (known) return { message: known, duplicate: true, status: visibleStatus(known) }
    const accepted = accept(model, message, digests[index] as string)
    const hop = hops.get(index) ?? 0
    // another sender may use the same id: the longer chain counts
    const chain = model.inboxes.get(message.to_agent)?.hops
    if (hop > 0) chain?.set(message.message_id, Math.max(hop, chain.get(message.message_id) ?? 0))
    return { message: accepted, duplicate: false, status: 'pending' }
  })
}

/** Envelopes over 16 KiB lie outside of the inbox's record; 90 bytes are the bus's guess for a field. */
function recordSize(message: AgentMessage): number {
  const size = Buffer.byteLength(encodeEnvelope(message))
  const { from_agent, message_id, correlation_id = '', delivery_options } = message
  const texts = from_agent.length + message_id.length + correlation_id.length
  return (size > 16 * 1024 ? 0 : size) + 2 * (delivery_options.ordering_key ?? '').length + texts + 4 * 90
}

function accept(model: HiveModel, message: AgentMessage, digest: string): ModelMessage {
  const inbox = model.inboxes.get(message.to_agent) as ModelInbox
  const size = Buffer.byteLength(encodeEnvelope(message))
  const delayMs = Math.round(message.delivery_options.delay_seconds * 1000)
  const order = ++model.clock
  const accepted: ModelMessage = {
    message,
    digest,
    size,
    order,
    rank: order,
    priority: message.priority,
    state: 'ready',
    status: 'pending',
    attempts: 0,
    lease: 0,
    reason: '',
    life: period(model, message.ttl * 1000),
    delay: delayMs === 0 ? 'none' : period(model, delayMs),
    leased: 'none',
    retention: 'none',
  }
  model.ledger.set(identityOf(message), accepted)
  inbox.messages.push(accepted)
  inbox.counters.accepted++
  inbox.counters.bytes += size
  enter(inbox, accepted)
  return accepted
}

/** Puts a message at the tail of its ordering key, if it has one, and lets it wait or run. */
function enter(inbox: ModelInbox, message: ModelMessage): void {
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
  run(message)
}

/** Lets a message go that nothing but its own delay holds. */
function run(message: ModelMessage): void {
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

function release(inbox: ModelInbox): void {
  for (const chain of inbox.chains.values()) {
    const head = chain[0] as ModelMessage
    if (head.state !== 'held') continue
    head.priority = Math.max(...chain.map(({ message }) => message.priority))
    run(head)
  }
}

function end(inbox: ModelInbox, message: ModelMessage, status: 'delivered' | 'expired' | 'discarded'): void {
  if (message.state !== 'dead') unlink(inbox, message)
  message.state = 'settled'
  message.status = status
  inbox.counters[status]++
  inbox.counters.bytes -= message.size
}

function die(model: HiveModel, inbox: ModelInbox, message: ModelMessage, reason: string): void {
  unlink(inbox, message)
  message.state = 'dead'
  message.status = 'failed'
  message.reason = reason
  message.retention = model.limits.retention
  if (message.retention === 'short') model.pendingMs = Math.max(model.pendingMs, 1)
  inbox.counters.died++
}

/** How many messages have something due. */
export function dueCount(inbox: ModelInbox): number {
  return inbox.messages.filter(isDue).length
}

function isDue(message: ModelMessage): boolean {
  if (message.state === 'settled') return false
  if (message.state === 'dead') return message.retention === 'over'
  if (message.state === 'leased') return message.leased === 'over'
  return message.life === 'over' || (message.state === 'delayed' && message.delay === 'over')
}

/** Applies everything that is due. */
export function settleDue(model: HiveModel, inbox: ModelInbox): void {
  for (const message of inbox.messages.filter(isDue)) {
    if (message.state === 'dead') end(inbox, message, 'discarded')
    else if (message.state === 'leased' && message.attempts >= message.message.delivery_options.max_attempts) {
      die(model, inbox, message, 'lease expired')
    } else if (message.life === 'over') end(inbox, message, 'expired')
    else {
      if (message.state === 'leased') message.reason = 'lease expired'
      message.state = 'ready'
    }
  }
  release(inbox)
}

export type ModelReceive = { max: number; leaseMs?: number; correlationId?: string; requestId: string }

/** The messages that a receiver is given, in their order. */
export function receive(
  model: HiveModel,
  agent: string,
  input: ModelReceive,
): ModelReceipt[] | { refused: 'agent.unknown' | 'agent.disabled' } {
  const inbox = model.inboxes.get(agent)
  if (!inbox) return { refused: 'agent.unknown' }
  const before = inbox.requests.get(input.requestId)
  if (before && before.remembered !== 'over') {
    return before.given.filter(({ message, lease }) => holds({ message, lease }))
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

/** Whether a receipt is the valid one of its message. */
export function holds({ message, lease }: ModelReceipt): boolean {
  return message.state === 'leased' && message.lease === lease && message.leased !== 'over'
}

/** Settles receipts one after the other. A call sent again has the same `requestId`. */
export function settle(
  model: HiveModel,
  agent: string,
  actions: ModelAction[],
  { requestId, random }: { requestId: string; random: number },
): ModelResult[] {
  const inbox = model.inboxes.get(agent) as ModelInbox
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
    run(message)
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

/** Reopens those that are dead, in the given order; returns how many. */
export function redrive(model: HiveModel, agent: string, selected: ModelMessage[]): number {
  const inbox = model.inboxes.get(agent) as ModelInbox
  const dead = [...new Set(selected)].filter(({ state }) => state === 'dead')
  for (const message of dead) {
    message.rank = ++model.clock
    message.priority = message.message.priority
    message.status = 'pending'
    message.attempts = 0
    message.reason = ''
    message.life = period(model, message.message.ttl * 1000)
    message.delay = 'none'
    message.done = undefined
    inbox.counters.redriven++
    enter(inbox, message)
  }
  return dead.length
}

/** Throws away those that are dead; returns how many. */
export function discard(model: HiveModel, agent: string, selected: ModelMessage[]): number {
  const inbox = model.inboxes.get(agent) as ModelInbox
  const dead = [...new Set(selected)].filter(({ state }) => state === 'dead')
  for (const message of dead) {
    message.reason = 'discarded by an operator'
    end(inbox, message, 'discarded')
  }
  return dead.length
}
