import type { AgentMessage } from '../../protocol/message.ts'
import type { Status } from '../../protocol/status.ts'
import type { Counters } from '../audit.ts'
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
  /** Place in the inbox: that of its acceptance until a redrive puts it at the tail. */
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

export type ModelInbox = {
  agent: string
  enabled: boolean
  version: number
  /** All that were ever accepted here. */
  messages: ModelMessage[]
  /** Live messages of each ordering key in publish order; dead ones have left. */
  chains: Map<string, ModelMessage[]>
  counters: Counters
  /** What each request id of a `receive` was given, while Redis remembers it. */
  requests: Map<string, { given: ModelReceipt[]; remembered: Period }>
  hops: Map<string, { hop: number; from: string }>
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
export function period(model: HiveModel, ms: number): Period {
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

export function inboxOf(model: HiveModel, agent: string): ModelInbox {
  return model.inboxes.get(agent) as ModelInbox
}

/** What a reader of its status is told: a life that is over shows at once, though the inbox settles it later. */
export function visibleStatus(message: ModelMessage): Status {
  const { state, life, leased, attempts } = message
  if (life !== 'over' || state === 'settled' || state === 'dead') return message.status
  if (state !== 'leased') return 'expired'
  // with no attempt left it will be a dead letter
  return leased === 'over' && attempts < message.message.delivery_options.max_attempts ? 'expired' : message.status
}

/** Whether a receipt is the valid one of its message. */
export function holds({ message, lease }: ModelReceipt): boolean {
  return message.state === 'leased' && message.lease === lease && message.leased !== 'over'
}
