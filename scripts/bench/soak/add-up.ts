import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Counters } from '../../../core/bus/audit.ts'
import type { Counts } from '../../../core/bus/counts.ts'
import { shardCount } from '../../../core/bus/keys.ts'
import type { Fleet } from '../fleet.ts'
import type { Stack } from '../stack.ts'
import { metricType, recipients, sender } from './agents.ts'
import { nameOf, type Seen } from './seen.ts'

type Inbox = { agent: string; counts: Counts; counters: Counters; violations: string[] }
export type Sum = { accepted: number; delivered: number; dead: number; expired: number; stillThere: number }

/** Waits until nothing waits in any inbox and history is written. Throws when that does not come within so many ms. */
export async function waitForQuiet(fleet: Fleet, { redis, hive }: Stack, mostMs: number): Promise<void> {
  const end = performance.now() + mostMs
  for (;;) {
    const inboxes = await readInboxes(fleet)
    const shards = Array.from({ length: shardCount }, (_, shard) => redis.xlen(hive.bus.keys.outbox(shard)))
    const unwritten = (await Promise.all(shards)).reduce((sum, length) => sum + length, 0)
    const live = inboxes.reduce((sum, { counts }) => sum + liveOf(counts), 0)
    if (live === 0 && unwritten === 0) return
    if (performance.now() > end) throw new Error(`not quiet: ${live} messages wait, ${unwritten} entries of history`)
    await delay(500)
  }
}

/**
 * What became of all messages, by the counters of the inboxes, beside what senders and receivers have seen and what history
 * says of each one. Gives the sum and everything that does not add up.
 */
export async function addUp(fleet: Fleet, stack: Stack, seen: Seen): Promise<{ sum: Sum; faults: string[] }> {
  const inboxes = await readInboxes(fleet)
  const { rows, points } = await readRecords(stack)
  const sum = inboxes.reduce(
    (all, { counters, counts }) => ({
      accepted: all.accepted + counters.accepted,
      delivered: all.delivered + counters.delivered,
      dead: all.dead + counts.dead,
      expired: all.expired + counters.expired,
      stillThere: all.stillThere + liveOf(counts),
    }),
    { accepted: 0, delivered: 0, dead: 0, expired: 0, stillThere: 0 },
  )
  const ofStatus = (status: string) => [...rows.values()].filter((one) => one === status).length
  const equal = (what: string, a: number, b: number) => (a === b ? [] : [`${what}: ${a} ≠ ${b}`])
  const missing = (what: string, names: Iterable<string>, isThere: (name: string) => boolean) => {
    const lost = [...names].filter((name) => !isThere(name))
    return lost.length === 0 ? [] : [`${lost.length} ${what}, the first: ${lost[0]}`]
  }
  const faults = [
    ...inboxes.flatMap(({ agent, violations }) => violations.map((violation) => `${agent}: ${violation}`)),
    ...equal(
      'accepted = delivered + dead + expired + still there',
      sum.accepted,
      sum.delivered + sum.dead + sum.expired + sum.stillThere,
    ),
    ...equal('accepted = what senders were told', sum.accepted, seen.accepted.size),
    ...equal('delivered = what receivers acknowledged', sum.delivered, seen.delivered.size),
    ...equal('delivered = history', sum.delivered, ofStatus('delivered')),
    ...equal('dead = history', sum.dead, ofStatus('failed')),
    ...equal('expired = history', sum.expired, ofStatus('expired')),
    ...(points < seen.points ? [`points of metrics: ${points} are stored of ${seen.points} that were accepted`] : []),
    ...missing('accepted messages are not in history', seen.accepted, (name) => rows.has(name)),
    ...missing('messages in history were never accepted', rows.keys(), (name) => seen.accepted.has(name)),
    ...missing(
      'acknowledged messages are not delivered by history',
      seen.delivered,
      (name) => rows.get(name) === 'delivered',
    ),
  ]
  return { sum, faults }
}

const liveOf = ({ ready, held, delayed, leased }: Counts) => ready + held + delayed + leased

function readInboxes(fleet: Fleet): Promise<Inbox[]> {
  return Promise.all(recipients.map(async (name) => (await fleet.call('GET', `/v1/agents/${name}/inbox`)) as Inbox))
}

/** The status of each message at each recipient, and how many points of metrics there are. */
async function readRecords({ databaseUrl }: Stack): Promise<{ rows: Map<string, string>; points: number }> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const history = await client.query<{ to_agent: string; message_id: string; status: string }>(
      'SELECT to_agent, message_id, status FROM agent_conversations WHERE from_agent = $1 AND to_agent = ANY ($2)',
      [sender, recipients],
    )
    const metrics = await client.query<{ points: number }>(
      'SELECT count(*)::int AS points FROM agent_metrics WHERE metric_type = $1',
      [metricType],
    )
    const rows = history.rows.map(({ to_agent, message_id, status }): [string, string] => [
      nameOf(to_agent, message_id),
      status,
    ])
    return { rows: new Map(rows), points: metrics.rows[0]?.points ?? 0 }
  } finally {
    await client.end()
  }
}
