import { HiveError } from '../errors.ts'
import type { Hive } from '../hive.ts'
import type { Status } from '../protocol/status.ts'
import { invalidCursor } from '../records/cursor.ts'
import { bucketsAround, findSent } from './find-sent.ts'
import { decodeState, type LiveState, type MessageState } from './message-state.ts'
import { outcomeKeys } from './outcome-keys.ts'
import { fanOutStatus } from './relay/fan-out-status.ts'
import { readProgress } from './relay/handed.ts'
import { relayOf } from './relay/relay-name.ts'
import { statusScript } from './scripts/status.ts'

/** Why a message that could be handed over has not been. */
export type Waiting = {
  because: string
  /** How many messages of the inbox go first. */
  ahead?: number
  /** When that ends, at the latest. */
  until?: string
}

/** What became of a message at one recipient. */
export type RecipientStatus = {
  agent: string
  status: Status
  state: LiveState | 'settled'
  accepted_at: string
  attempts: number
  max_attempts: number
  expires_at: string
  settled_at?: string
  /** Why the last attempt or the message failed. */
  reason?: string
  waiting?: Waiting
}

export type MessageStatus = {
  message_id: string
  from_agent: string
  /** One agent, or a page of those to whom a topic's message went, by name. A message that waits for an agent which can do it has its address here. */
  recipients: RecipientStatus[]
  /** Of a message to a topic: how far it has come. */
  fan_out?: FanOutStatus
  next_cursor?: string | null
}

export type FanOutStatus = {
  topic: string
  /** pending until every subscriber was handed it. */
  status: Status
  accepted_at: string
  expires_at: string
  /** Subscribers that have it in their inboxes, or had. */
  handed: number
  /** Subscribers whose inboxes are full; it is tried again. */
  full: number
  /** Subscribers that could not be given it. */
  failed: number
}

/**
 * What became of a message, known by its sender and id. Raises message.unknown for one that was never accepted, that
 * another agent sent, or whose retention has ended; cursor.invalid.
 */
export async function messageStatus(
  hive: Hive,
  fromAgent: string,
  messageId: string,
  page: { limit: number; cursor?: string | undefined } = { limit: 100 },
): Promise<MessageStatus> {
  const sent = await findSent(hive, fromAgent, messageId)
  if (!sent) throw unknownMessage()
  let { sequence, recipient } = sent
  const relay = relayOf(recipient)
  if (relay?.kind === 'topic') {
    return { message_id: messageId, from_agent: fromAgent, ...(await fanOutStatus(hive, recipient, sequence, page)) }
  }
  // pages are of recipients, and here is one
  if (page.cursor !== undefined) throw invalidCursor()
  if (relay) {
    const { to } = await readProgress(hive, recipient, sequence)
    if (to) [recipient, sequence] = [to.agent, to.sequence]
  }
  const [status] = await recipientStatuses(hive, recipient, [sequence])
  if (!status) throw unknownMessage()
  return { message_id: messageId, from_agent: fromAgent, recipients: [status] }
}

/** What became of messages of one inbox, by sequence; undefined where nothing is kept any more. */
export async function recipientStatuses(
  hive: Hive,
  agent: string,
  sequences: string[],
): Promise<(RecipientStatus | undefined)[]> {
  const { bus } = hive
  const answer = await bus.run(statusScript, hive.ids.requestId(), (moment) => {
    const outcomes = outcomeKeys(bus, agent, {
      settled: bucketsAround(moment.settled, bus.periods.settledBuckets),
      long: bucketsAround(moment.long, bus.periods.settledLongBuckets),
    })
    return {
      keys: [bus.keys.inbox(agent), bus.keys.ready(agent), ...outcomes.keys],
      args: [outcomes.groups, String(sequences.length), ...sequences],
    }
  })
  const [, now, agentRow, results] = answer as [string, string, string[], StatusRow[]]
  return results.map((row) => describeRow(agent, Number(now), agentRow, row))
}

type StatusRow = ['live', state: string, place: number, head: string] | ['settled', outcome: string] | ['gone']

function describeRow(agent: string, now: number, agentRow: string[], row: StatusRow): RecipientStatus | undefined {
  if (row[0] === 'gone') return undefined
  if (row[0] === 'settled') {
    const [numbers = '', ...reason] = row[1].split('\n')
    const [status, at, attempts, max, , , accepted, expires] = numbers.split(' ')
    return {
      agent,
      status: status as Status,
      state: 'settled',
      accepted_at: iso(Number(accepted)),
      attempts: attemptsAt(agent, Number(attempts)),
      max_attempts: Number(max),
      expires_at: iso(Number(expires)),
      settled_at: iso(Number(at)),
      ...reasonOf(reason.join('\n')),
    }
  }
  const message = decodeState(row[1])
  const common = {
    agent,
    accepted_at: iso(message.accepted_at),
    attempts: attemptsAt(agent, message.attempts),
    max_attempts: message.max_attempts,
    expires_at: iso(message.expires_at),
    ...reasonOf(message.reason),
  }
  if (message.state === 'dead') return { ...common, status: 'failed', state: 'dead' }
  // its life has ended; the next receive or sweep settles it
  if ((message.state !== 'leased' || message.due_at <= now) && message.expires_at <= now) {
    return { ...common, status: 'expired', state: message.state }
  }
  return { ...common, status: 'pending', state: message.state, waiting: waitingFor(agent, message, now, agentRow, row) }
}

/** What a relay tries is no attempt: the message was with no agent yet. */
const attemptsAt = (inbox: string, attempts: number): number => (relayOf(inbox) ? 0 : attempts)

function waitingFor(
  agent: string,
  message: MessageState,
  now: number,
  agentRow: string[],
  row: ['live', string, number, string],
): Waiting {
  const [agentStatus, push, breakerUntil, deliverUntil] = agentRow
  if (relayOf(agent)?.kind === 'capability' && message.state === 'ready') {
    return { ...routingOf(push === '1', Number(breakerUntil), now), ahead: Number(row[2]) }
  }
  if (message.state === 'leased') {
    if (message.due_at > now) return { because: 'a receiver holds it under a lease', until: iso(message.due_at) }
    return message.attempts < message.max_attempts
      ? { because: 'its lease ran out; it is handed over again at the next receive' }
      : { because: 'its last lease ran out; it becomes a dead letter at the next receive or sweep' }
  }
  if (message.state === 'held') return heldBy(message, row[3], now)
  if (message.state === 'delayed') {
    return {
      because: message.attempts > 0 ? 'it waits for its next attempt' : 'it was published with a delay',
      until: iso(Math.min(message.due_at, message.expires_at)),
    }
  }
  const ahead = Number(row[2])
  if (agentStatus !== 'enabled') return { because: 'its recipient is disabled', ahead }
  if (push !== '1') return { because: 'its recipient has not asked for it yet', ahead }
  if (Number(breakerUntil) > now) {
    return {
      because: "the circuit breaker of its recipient's endpoint is open",
      ahead,
      until: iso(Number(breakerUntil)),
    }
  }
  if (Number(deliverUntil) > now) return { because: 'a delivery to its recipient is under way', ahead }
  return { because: 'it is about to be pushed to its recipient', ahead }
}

/** Why a message to a capability is with no agent: its relay is at work, holds everything for a while, or has found nobody. */
function routingOf(running: boolean, heldUntil: number, now: number): Waiting {
  if (!running) return { because: 'no live agent can do it' }
  if (heldUntil <= now) return { because: 'it is about to be routed' }
  return { because: 'the inboxes of those who can do it were full; it is tried again', until: iso(heldUntil) }
}

/** What holds an ordering key. Another sender's message is not named: its id is nobody else's business. */
function heldBy(message: MessageState, holder: string, now: number): Waiting {
  const key = `its ordering key ${JSON.stringify(message.ordering_key)} is held by`
  if (holder === '') return { because: `${key} an earlier message` }
  const head = decodeState(holder)
  const name = head.from_agent === message.from_agent ? head.message_id : 'an earlier message'
  const waits = head.state === 'leased' || head.state === 'delayed'
  return {
    because: `${key} ${name}, which is ${head.state}`,
    ...(waits && head.due_at > now ? { until: iso(head.due_at) } : {}),
  }
}

function reasonOf(text: string): { reason?: string } {
  return text === '' ? {} : { reason: text }
}

/** Said of a message that is not there, and of another sender's alike. */
export function unknownMessage(): HiveError {
  return new HiveError('message.unknown', 'No message of this sender has this id, or its retention has ended.')
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
