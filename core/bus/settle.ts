import { type FieldError, HiveError } from '../errors.ts'
import type { Hive } from '../hive.ts'
import { unknownAgent } from './agent-errors.ts'
import { type Counts, namedCounts } from './counts.ts'
import { inboxKeys } from './inbox-keys.ts'
import { mustExist } from './must-exist.ts'
import { recentOutcomes } from './outcome-keys.ts'
import { decodeReceipt } from './receipt.ts'
import { wakeAfter } from './receive.ts'
import { type Died, rememberDead } from './remember-dead.ts'
import { settleScript } from './scripts/settle.ts'
import { isShared, releaseShared } from './shared-bodies.ts'

export type SettleInput = {
  /** Receipts of messages that were handled. */
  acks: string[]
  /** Receipts of messages that were not: they come back after `delay_seconds`, or after the message's own backoff. */
  nacks: { receipt: string; delay_seconds?: number | undefined; reason?: string | undefined }[]
  /** Leases to prolong: they end `lease_seconds` from now. */
  extensions: { receipt: string; lease_seconds: number }[]
}

/** What a settlement comes to. `released` and `failed` at once are for push deliveries. */
export type Outcome = 'delivered' | 'retrying' | 'failed' | 'extended' | 'released'

export type SettledReceipt =
  | {
      receipt: string
      outcome: Outcome
      /** True when this receipt was settled before in the same way: this is what it came to then. */
      duplicate: boolean
      next_attempt_at?: string
      leased_until?: string
    }
  | { receipt: string; error: { code: 'receipt.stale'; message: string } }

export type Settled = { results: SettledReceipt[]; counts: Counts }

/**
 * Settles up to 100 receipts in one step. An old receipt changes nothing and is answered with `receipt.stale`; when
 * all are old, that is raised. Raises agent.unknown, redis.unavailable.
 */
export async function settle(hive: Hive, agent: string, input: SettleInput): Promise<Settled> {
  return settleActions(hive, agent, [
    ...input.acks.map((receipt, i): Action => ({ action: 'a', receipt, ms: 0, reason: '', field: `acks[${i}]` })),
    ...input.nacks.map(
      ({ receipt, delay_seconds, reason }, i): Action => ({
        action: 'n',
        receipt,
        ms: delay_seconds === undefined ? -1 : Math.round(delay_seconds * 1000),
        reason: reason ?? 'refused by the receiver',
        field: `nacks[${i}].receipt`,
      }),
    ),
    ...input.extensions.map(
      ({ receipt, lease_seconds }, i): Action => ({
        action: 'e',
        receipt,
        ms: Math.round(lease_seconds * 1000),
        reason: '',
        field: `extensions[${i}].receipt`,
      }),
    ),
  ])
}

/** How many messages came to what in a settlement; repetitions of an earlier one are left out. */
export function countOutcomes({ results }: Settled) {
  const count = (wanted: Outcome) =>
    results.filter((result) => 'outcome' in result && result.outcome === wanted && !result.duplicate).length
  return { MessagesDelivered: count('delivered'), MessagesRetried: count('retrying'), MessagesFailed: count('failed') }
}

/** One settlement: acknowledge, nack, fail, release (the attempt does not count) or extend. */
export type Action = { action: 'a' | 'n' | 'f' | 'r' | 'e'; receipt: string; ms: number; reason: string; field: string }

/** What a push delivery writes with its settlements: the breaker's state, and whether it ends. */
export type DeliveryEnd = { id: string; last: boolean; breaker: { failures: number; openUntilMs: number } }

/** Settles actions; a push delivery passes its own state along. */
export async function settleActions(
  hive: Hive,
  agent: string,
  actions: Action[],
  delivery?: DeliveryEnd,
): Promise<Settled> {
  const { bus } = hive
  const requestId = hive.ids.requestId()
  const receipts = actions.map(({ receipt }) => decodeReceipt(receipt))
  const known = actions.flatMap((action, i) => {
    const receipt = receipts[i]
    return receipt ? [{ action, receipt }] : []
  })
  if (known.length === 0 && !delivery) {
    await mustExist(hive, agent)
    throw staleReceipts(actions)
  }
  const random = String(hive.ids.random())
  const answer = await bus.run(settleScript, requestId, (moment) => {
    const recent = recentOutcomes(bus, agent, moment)
    return {
      keys: [
        ...inboxKeys(bus, agent, moment),
        ...recent.keys,
        ...known.flatMap(({ receipt }) =>
          receipt.body === null || isShared(receipt.body) ? [] : [bus.keys.body(agent, receipt.body)],
        ),
      ],
      args: [
        agent,
        random,
        delivery?.id ?? '',
        delivery?.last ? '1' : '0',
        String(delivery?.breaker.failures ?? 0),
        String(Math.round(delivery?.breaker.openUntilMs ?? 0)),
        recent.groups,
        String(known.length),
        ...known.flatMap(({ action, receipt }) => [
          action.action,
          receipt.sequence,
          String(receipt.lease),
          String(action.ms),
          plain(action.reason),
        ]),
      ],
    }
  })
  if (answer[0] === 'unknown') throw unknownAgent(agent)
  if (answer[0] === 'stale') throw staleReceipts(actions)
  const [, , counts, history, delay, rows, died] = answer as SettleAnswer
  const shared = known.flatMap(({ receipt: { body } }, i) =>
    body !== null && isShared(body) && rows[i]?.[0] === 'delivered' ? [body] : [],
  )
  await Promise.all([
    rememberDead(hive, agent, died),
    releaseShared(hive, agent, shared),
    wakeAfter(hive, agent, requestId, Number(history), delay),
  ])
  let row = 0
  return {
    results: actions.map((action, i) => describe(action.receipt, receipts[i] ? rows[row++] : undefined)),
    counts: namedCounts(counts),
  }
}

type SettleAnswer = [
  'ok',
  now: string,
  counts: number[],
  history: number,
  delay: unknown,
  results: ResultRow[],
  died: Died[],
]
type ResultRow = [outcome: Outcome | 'stale', duplicate: number, at: string]

function describe(receipt: string, row: ResultRow | undefined): SettledReceipt {
  if (!row || row[0] === 'stale') return { receipt, error: { code: 'receipt.stale', message: staleText } }
  const [outcome, duplicate, at] = row
  const time = Number(at) > 0 ? new Date(Number(at)).toISOString() : undefined
  return {
    receipt,
    outcome,
    duplicate: Number(duplicate) === 1,
    ...(time && outcome === 'retrying' ? { next_attempt_at: time } : {}),
    ...(time && outcome === 'extended' ? { leased_until: time } : {}),
  }
}

const staleText = 'the lease ran out, or the message was settled in another way'

function staleReceipts(actions: Action[]): HiveError {
  const errors: FieldError[] = actions.map(({ field }) => ({ field, message: staleText, code: 'receipt.stale' }))
  return new HiveError('receipt.stale', 'No receipt of this call is valid; nothing was changed.', { errors })
}

/** Reasons stand in line-separated records and are kept as one line of at most 500 characters. */
function plain(reason: string): string {
  return reason
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, 500)
    .toWellFormed()
}
