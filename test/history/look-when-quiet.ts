import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { auditInbox, auditInboxDeeply } from '../../core/bus/audit.ts'
import { messageStatus } from '../../core/bus/message-status.ts'
import { checkStructure } from '../../core/bus/model/check-structure.ts'
import { outboxBacklog } from '../../core/bus/outbox.ts'
import { HiveError } from '../../core/errors.ts'
import type { Hive } from '../../core/hive.ts'
import type { Status } from '../../core/protocol/status.ts'
import type { Ending, Fleet, Quiet, Row, Sent } from './history.ts'

/** Long enough for the slowest lease, breaker and life of a run to end; then what still waits is held to be lost. */
const longestMs = 30_000

/**
 * Waits until nothing is under way any more, in any inbox or on its way into Postgres, and gives up after a while: what is
 * still there then is the checker's affair.
 */
export async function waitUntilQuiet(hive: Hive, fleet: Fleet, patienceMs = longestMs): Promise<void> {
  const agents = [...fleet.pulling, ...fleet.pushed]
  const relays = [
    ...Object.keys(fleet.topics).map((name) => `topic:${name}`),
    ...Object.keys(fleet.capabilities).map((name) => `capability:${name}`),
  ]
  const end = Date.now() + patienceMs
  while (Date.now() < end) {
    if ((await Promise.all([...agents, ...relays].map((inbox) => isIdle(hive, inbox)))).every(Boolean)) {
      const backlog = await outboxBacklog(hive)
      if (backlog.every((bytes) => bytes === 0)) return
    }
    await delay(50)
  }
}

async function isIdle(hive: Hive, inbox: string): Promise<boolean> {
  try {
    const { ready, held, delayed, leased } = (await auditInbox(hive, inbox)).counts
    return ready + held + delayed + leased === 0
  } catch (error) {
    // relays are removed when nothing is in them
    if (error instanceof HiveError && error.code === 'agent.unknown') return true
    throw error
  }
}

/** Reads what became of everything, from Redis and from Postgres. */
export async function lookWhenQuiet(hive: Hive, databaseUrl: string, fleet: Fleet, sent: Sent[]): Promise<Quiet> {
  const at = Date.now()
  const agents = [...fleet.pulling, ...fleet.pushed]
  const endings = (await eachOf(sent, 24, (message) => endingsOf(hive, message))).flat()
  const inboxes = await Promise.all(agents.map((agent) => auditInboxDeeply(hive, agent)))
  const broken = (await Promise.all(agents.map((agent) => checkStructure(hive, agent)))).flat()
  const rows = await rowsOf(databaseUrl, [...new Set(sent.map(({ from }) => from))])
  return { at, endings, inboxes, broken, rows }
}

async function endingsOf(hive: Hive, { id, from }: Sent): Promise<Ending[]> {
  try {
    const { recipients } = await messageStatus(hive, from, id)
    return recipients.map(({ agent, status, attempts, max_attempts, reason = '', settled_at }) => {
      const settledAt = settled_at === undefined ? 0 : Date.parse(settled_at)
      return { id, agent, status, attempts, maxAttempts: max_attempts, reason, settledAt }
    })
  } catch (error) {
    if (error instanceof HiveError && error.code === 'message.unknown') return []
    throw error
  }
}

async function rowsOf(databaseUrl: string, senders: string[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{
      message_id: string
      to_agent: string
      status: Status
      attempts: number
      content: string
    }>('SELECT message_id, to_agent, status, attempts, content FROM agent_conversations WHERE from_agent = ANY($1)', [
      senders,
    ])
    return rows.map(({ message_id, to_agent, status, attempts, content }) => {
      return { id: message_id, agent: to_agent, status, attempts, content }
    })
  } finally {
    await client.end()
  }
}

/** As `Promise.all` over a list, a few at a time. */
async function eachOf<T, R>(list: T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < list.length) {
        const index = next++
        results[index] = await work(list[index] as T)
      }
    }),
  )
  return results
}
