import type { InboxAudit } from '../../core/bus/audit.ts'
import type { Status } from '../../core/protocol/status.ts'

/** Times are whole ms of this machine's clock, which is Redis's too; `start` before the request, `end` after its answer. */
type Timed = { start: number; end: number }

/**
 * `ok`: it took effect as the answer says. `failed`: it certainly did not. `unknown`: nobody can tell (no answer, or one
 * that says so).
 */
export type Outcome = 'ok' | 'failed' | 'unknown'

/** A message as it was sent; ids are unique among all senders. Times in ms. */
export type Sent = {
  id: string
  from: string
  to: string
  type: string
  priority: number
  ttlMs: number
  delayMs: number
  maxAttempts: number
  orderingKey?: string
  correlationId?: string
  /** What tells its body from every other one. */
  content: string
}

/** What publish answered for one message; `acceptedAt` in ms. */
export type Accepted = { id: string; acceptedAt: number; duplicate: boolean; routedTo?: string }

export type PublishOp = Timed & {
  kind: 'publish'
  outcome: Outcome
  /** Why it failed. */
  code?: string
  ids: string[]
  /** Sent under an id that was used before, with another body: must never be accepted. */
  conflicting: boolean
  accepted: Accepted[]
}

/** One message under one lease. `until` and `acceptedAt` in ms. */
export type Lease = {
  id: string
  receipt: string
  attempt: number
  until: number
  acceptedAt: number
  content: string
}

export type ReceiveOp = Timed & {
  kind: 'receive'
  outcome: Outcome
  agent: string
  /** The idempotency key: calls that repeat one share it. */
  request: string
  /** Only messages of one correlation id were asked for. */
  filtered: boolean
  leases: Lease[]
}

export type Settlement = {
  id: string
  receipt: string
  action: 'ack' | 'nack' | 'extend'
  /** Of an extension: how long from then on. */
  leaseMs: number
  /** What it came to, when that is known. */
  result?: 'delivered' | 'retrying' | 'failed' | 'extended' | 'stale'
  duplicate: boolean
  /** Of an extension that was made. */
  until?: number
}

export type SettleOp = Timed & { kind: 'settle'; outcome: Outcome; agent: string; settlements: Settlement[] }

/** A webhook that came to an endpoint. */
export type PushOp = Timed & {
  kind: 'push'
  agent: string
  id: string
  content: string
  /** accepted: 2xx; refused: a 4xx that ends the message; other: anything else, or no answer. */
  answered: 'accepted' | 'refused' | 'other'
}

/** What an operator did with dead letters. */
export type OperatorOp = Timed & { kind: 'redrive' | 'discard'; outcome: Outcome; agent: string; ids: string[] }

export type Operation = PublishOp | ReceiveOp | SettleOp | PushOp | OperatorOp

/** Who takes messages, and how. */
export type Fleet = {
  pulling: string[]
  pushed: string[]
  /** Subscribers by topic. */
  topics: Record<string, string[]>
  /** Who can do it, by capability. */
  capabilities: Record<string, string[]>
}

/** A message at one of its recipients, once all is quiet. */
export type Ending = {
  id: string
  agent: string
  status: Status
  attempts: number
  maxAttempts: number
  reason: string
  settledAt: number
}

/** The same in Postgres. */
export type Row = { id: string; agent: string; status: Status; attempts: number; content: string }

/** What there is once faults have ended and all is quiet. */
export type Quiet = {
  at: number
  /** Messages of which the hive knows nothing are not in it. */
  endings: Ending[]
  rows: Row[]
  inboxes: InboxAudit[]
  /** What keys of Redis that do not agree with each other. */
  broken: string[]
}

/** Everything that was done and seen in one run. */
export type History = {
  seed: number
  fleet: Fleet
  sent: Map<string, Sent>
  operations: Operation[]
  quiet: Quiet
  /** Differences of priorities in ms, by priority. */
  offsetMs: Record<number, number>
  /** Whether a function stood still for longer than its leases: what it had in hand may arrive late. */
  frozen: boolean
  /** Answers that the hive must never give. */
  unexpected: string[]
}
