import type { Hive } from '../hive.ts'
import { decodeEnvelope } from '../protocol/envelope.ts'
import type { AgentMessage } from '../protocol/message.ts'
import { disabledAgent, unknownAgent } from './agent-errors.ts'
import { type Counts, namedCounts } from './counts.ts'
import { dropBodies } from './drop-bodies.ts'
import { inboxKeys } from './inbox-keys.ts'
import { shardOf } from './keys.ts'
import { encodeReceipt } from './receipt.ts'
import { type Died, rememberDead } from './remember-dead.ts'
import { receiveScript } from './scripts/receive.ts'
import { bodyKey } from './shared-bodies.ts'
import { sendWakes } from './wake.ts'

/** One answer carries at most this much of messages, but always at least one: Lambda's answers end at 6 MB. */
export const answerLimit = 2.5 * 1024 * 1024

/** Rounds over expired messages alone after which a caller is told to come back. */
const mostRounds = 20

/** After these, a waiting receive looks every 2 s: at most 12 looks of one command in 20 s. */
const firstLooksMs = [250, 500, 1000]
const laterLooksMs = 2000

export type ReceiveInput = {
  /** 1 to 100. */
  max: number
  /** Overrides each message's own. */
  leaseMs?: number
  /** How long to wait for a first message; 0 to 20 s. */
  waitMs?: number
  /** Only messages of this correlation id. */
  correlationId?: string
  /** A call repeated with the same id answers the valid leases of the first. */
  requestId: string
}

/** A message under a lease. */
export type Leased = {
  /** Settles it; refused once the lease has run out. */
  receipt: string
  attempt: number
  max_attempts: number
  leased_until: string
  accepted_at: string
  message: AgentMessage
}

export type Received = {
  messages: Leased[]
  counts: Counts
  /** Seconds after which to ask again, when too many callers wait already. */
  retry_after?: number
}

/**
 * Hands over up to `max` messages under a lease, CRITICAL first, first in first out inside a priority and ordering
 * key. With `waitMs` it waits for a first one. Raises agent.unknown, agent.disabled, redis.unavailable.
 */
export async function receive(hive: Hive, agent: string, input: ReceiveInput): Promise<Received> {
  const { bus, clock } = hive
  const waitMs = input.waitMs ?? 0
  const end = clock.now() + waitMs
  let claim = await claimNow(hive, agent, input, waitMs)
  if (claim.messages.length > 0 || waitMs === 0) return received(claim)
  if (!claim.waiting) return { ...received(claim), retry_after: 1 }
  const seen: Seen = {}
  try {
    for (let look = 0; ; look++) {
      const pause = Math.min(firstLooksMs[look] ?? laterLooksMs, end - clock.now())
      if (pause <= 0) return received(claim)
      await clock.sleep(pause)
      if (!(await maySucceed(hive, agent, input.correlationId, seen))) continue
      claim = await claimNow(hive, agent, input, 0)
      if (claim.messages.length > 0) return received(claim)
    }
  } finally {
    // best effort: the entry ends by itself
    await bus.ask((redis) => redis.zrem(bus.keys.waiters, `${agent}\n${input.requestId}`)).catch(() => undefined)
  }
}

/** What the last look of a waiting caller saw. */
type Seen = { inbox?: string }

/**
 * Looks whether a claim could find something now: with one command, and one more for a correlation id when the inbox
 * has changed, because other messages may be ready all the time.
 */
async function maySucceed(hive: Hive, agent: string, correlationId: string | undefined, seen: Seen): Promise<boolean> {
  const { bus } = hive
  const looked = await bus.ask((redis) => redis.hmget(bus.keys.inbox(agent), 'ready', 'due', 'accepted', 'redriven'))
  // the client gives a row, whatever its type says, when it leaves values as they are
  const [ready, due, accepted, redriven] = (looked ?? []) as unknown as (string | null)[]
  if (Number(due ?? 0) > 0 && Number(due) <= bus.now()) return true
  if (correlationId === undefined || Number(ready ?? 0) === 0) return Number(ready ?? 0) > 0
  const inbox = `${ready} ${accepted} ${redriven}`
  if (inbox === seen.inbox) return false
  seen.inbox = inbox
  const [from, to] = [`[${correlationId}\n`, `(${correlationId}\n~`] as const
  return (await bus.ask((redis) => redis.zlexcount(bus.keys.correlated(agent), from, to))) > 0
}

/** What one delivery by push brings along: only one delivery of an agent runs at a time. */
export type DeliveryLease = { id: string; leaseMs: number }

/** Where a delivery goes; empty for a pull. */
export type DeliveryTarget = {
  endpoint: string
  sealedSecrets: string[]
  breaker: { failures: number; openUntilMs: number }
}

const noTarget: DeliveryTarget = { endpoint: '', sealedSecrets: [], breaker: { failures: 0, openUntilMs: 0 } }

export type Claim = {
  messages: Leased[]
  counts: Counts
  nextDue: number
  waiting: boolean
  /** Set when no delivery may run now: another one runs, the breaker is open, or the agent has no endpoint or is off. */
  blocked?: 'busy' | 'breaker' | 'pull' | 'unknown'
  target: DeliveryTarget
}

/** Claims for a push delivery; `blocked` says why there may be no delivery now. */
export async function claimDelivery(
  hive: Hive,
  agent: string,
  input: { max: number; delivery: DeliveryLease },
): Promise<Claim> {
  return claimNow(hive, agent, { max: input.max, requestId: hive.ids.requestId() }, 0, input.delivery)
}

async function claimNow(
  hive: Hive,
  agent: string,
  input: ReceiveInput,
  waitMs: number,
  delivery?: DeliveryLease,
): Promise<Claim> {
  const { bus } = hive
  // a round ends with `again` when it met only expired messages: each is bounded, so that a script is short
  for (let round = 1; ; round++) {
    const answer = await bus.run(receiveScript, input.requestId, (moment) => ({
      keys: [
        ...inboxKeys(bus, agent, moment),
        bus.keys.request(agent, input.requestId),
        // all of a stage share it: declared, and so locked, only by those who wait
        ...(waitMs > 0 ? [bus.keys.waiters] : []),
      ],
      args: [
        agent,
        String(input.max),
        String(answerLimit),
        String(input.leaseMs ?? 0),
        input.correlationId ?? '',
        String(waitMs),
        delivery?.id ?? '',
        String(delivery?.leaseMs ?? 0),
      ],
    }))
    if (answer[0] === 'unknown' && !delivery) throw unknownAgent(agent)
    if (answer[0] === 'disabled') throw disabledAgent(agent)
    if (answer[0] === 'unknown' || answer[0] === 'busy' || answer[0] === 'breaker' || answer[0] === 'pull') {
      if (answer[3]) {
        await sendWakes(hive, {
          requestId: input.requestId,
          deliver: [{ agent, delayMs: Number(answer[3]) }],
          history: [],
        })
      }
      return { messages: [], counts: namedCounts([]), nextDue: 0, waiting: false, blocked: answer[0], target: noTarget }
    }
    const [, , counts, orphans, history, delay, again, nextDue, waiting, messages, target, died] =
      answer as ReceiveAnswer
    const rows = rowsOf(messages)
    await Promise.all([
      dropBodies(hive, agent, orphans),
      rememberDead(hive, agent, died),
      wakeAfter(hive, agent, input.requestId, Number(history), delay),
    ])
    if (rows.length === 0 && Number(again) === 1 && round < mostRounds) continue
    return {
      messages: await leasedOf(hive, agent, rows),
      counts: namedCounts(counts),
      nextDue: Number(nextDue),
      waiting: Number(waiting) === 1,
      target: delivery ? targetOf(target) : noTarget,
    }
  }
}

type MessageRow = {
  sequence: string
  lease: number
  attempt: number
  max: number
  until: number
  body: string
  accepted: number
  envelope: string | null
}

/** Two elements a message: what the script says of it, and its envelope unless that is large. */
function rowsOf(answer: (string | null)[]): MessageRow[] {
  return Array.from({ length: answer.length / 2 }, (_, i) => {
    const [sequence = '', lease, attempt, max, until, body = '-', accepted] = (answer[2 * i] ?? '').split(' ')
    const numbers = { lease: Number(lease), attempt: Number(attempt), max: Number(max) }
    return {
      ...{ sequence, ...numbers, until: Number(until), body, accepted: Number(accepted) },
      envelope: answer[2 * i + 1] ?? null,
    }
  })
}
type ReceiveAnswer = [
  'ok',
  now: string,
  counts: number[],
  orphans: string[],
  history: number,
  delay: string | null,
  again: number,
  nextDue: string,
  waiting: number,
  messages: (string | null)[],
  target: [endpoint: string, secrets: string, failures: number, openUntil: string],
  died: Died[],
]

function targetOf([endpoint, secrets, failures, openUntil]: ReceiveAnswer[10]): DeliveryTarget {
  return {
    endpoint,
    sealedSecrets: secrets === '' ? [] : (JSON.parse(secrets) as string[]),
    breaker: { failures: Number(failures), openUntilMs: Number(openUntil) },
  }
}

/** Sends the wakes that a script on one inbox asked for. */
export async function wakeAfter(
  hive: Hive,
  agent: string,
  requestId: string,
  history: number,
  delay: unknown,
): Promise<void> {
  const wakesDelivery = delay !== null && delay !== false && delay !== undefined
  if (history !== 1 && !wakesDelivery) return
  await sendWakes(hive, {
    requestId,
    deliver: wakesDelivery ? [{ agent, delayMs: Number(delay) }] : [],
    history: history === 1 ? [shardOf(agent)] : [],
  })
}

async function leasedOf(hive: Hive, agent: string, rows: MessageRow[]): Promise<Leased[]> {
  const large = rows.filter((row) => row.body !== '-')
  const bodies = new Map<string, string | null>()
  if (large.length > 0) {
    const found = await hive.bus.ask((redis) =>
      redis.mget<(string | null)[]>(...large.map((row) => bodyKey(hive.bus.keys, agent, row.body))),
    )
    for (const [i, row] of large.entries()) bodies.set(row.sequence, found[i] ?? null)
  }
  return rows.flatMap(({ sequence, lease, attempt, max, until, body, accepted, envelope: inline }) => {
    const envelope = body === '-' ? inline : bodies.get(sequence)
    if (!envelope) {
      // its lease and life ended while its body was fetched; the others of this claim must not suffer for it
      hive.log.error('a message has no content', { agent, sequence })
      return []
    }
    return [
      {
        receipt: encodeReceipt({ sequence, lease, body: body === '-' ? null : body }),
        attempt,
        max_attempts: max,
        leased_until: new Date(until).toISOString(),
        accepted_at: new Date(accepted).toISOString(),
        message: decodeEnvelope(envelope),
      },
    ]
  })
}

function received(claim: Claim): Received {
  return { messages: claim.messages, counts: claim.counts }
}
