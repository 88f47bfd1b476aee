import type { Hive } from '../hive.ts'
import { unknownAgent } from './agent-errors.ts'
import { type Counts, namedCounts } from './counts.ts'
import { inboxKeys } from './inbox-keys.ts'
import { decodeState } from './message-state.ts'
import { auditScript } from './scripts/audit.ts'

/** What has happened in an inbox since it was made. */
export type Counters = {
  accepted: number
  redriven: number
  delivered: number
  /** Deaths, those redriven or discarded since among them. */
  died: number
  discarded: number
  expired: number
  /** Bytes of the messages that are kept now. */
  bytes: number
}

export type InboxAudit = { agent: string; counts: Counts; counters: Counters; violations: string[] }

/**
 * Counts an inbox and checks that nothing was lost:
 * accepted + redriven = ready + held + delayed + leased + delivered + died + expired, and
 * dead = died − redriven − discarded; and that the counters equal the keys. One script of a few commands.
 * Raises agent.unknown, redis.unavailable.
 */
export async function auditInbox(hive: Hive, agent: string): Promise<InboxAudit> {
  const { bus } = hive
  const answer = await bus.run(auditScript, hive.ids.requestId(), (moment) => ({
    keys: inboxKeys(bus, agent, moment),
    args: [agent],
  }))
  if (answer[0] === 'unknown') throw unknownAgent(agent)
  const [, , countRow, counterRow, cardRow] = answer as [string, string, number[], string[], number[]]
  const counts = namedCounts(countRow)
  const [accepted = 0, redriven = 0, delivered = 0, died = 0, discarded = 0, expired = 0, bytes = 0] =
    counterRow.map(Number)
  const [readyCard = 0, timersCard = 0, deadCard = 0] = cardRow.map(Number)
  const live = counts.ready + counts.held + counts.delayed + counts.leased
  const checks: [string, number, number][] = [
    ['accepted + redriven = live + delivered + died + expired', accepted + redriven, live + delivered + died + expired],
    ['dead = died − redriven − discarded', counts.dead, died - redriven - discarded],
    ['ready = its zset', counts.ready, readyCard],
    ['live + dead = timers', live + counts.dead, timersCard],
    ['dead = its zset', counts.dead, deadCard],
  ]
  return {
    agent,
    counts,
    counters: { accepted, redriven, delivered, died, discarded, expired, bytes },
    violations: checks.filter(([, a, b]) => a !== b).map(([name, a, b]) => `${name}: ${a} ≠ ${b}`),
  }
}

/**
 * As `auditInbox`, and also counts the states of all messages one by one. Reads the whole inbox, in pages; true only of
 * an inbox that nobody uses meanwhile.
 */
export async function auditInboxDeeply(hive: Hive, agent: string): Promise<InboxAudit> {
  const audit = await auditInbox(hive, agent)
  const { bus } = hive
  const found: Counts = { ready: 0, held: 0, delayed: 0, leased: 0, dead: 0 }
  const sequences = new Set<string>()
  let bytes = 0
  let cursor = '0'
  do {
    const [next, fields] = await bus.ask((redis) => redis.hscan(bus.keys.inbox(agent), cursor, { count: 500 }))
    for (let i = 0; i < fields.length; i += 2) {
      const field = String(fields[i])
      if (!/^\d+$/.test(field) || sequences.has(field)) continue
      sequences.add(field)
      const state = decodeState(String(fields[i + 1]))
      found[state.state]++
      bytes += state.size
    }
    cursor = String(next)
  } while (cursor !== '0')
  for (const state of Object.keys(found) as (keyof Counts)[]) {
    if (found[state] !== audit.counts[state]) {
      audit.violations.push(`${state} counter ${audit.counts[state]} ≠ ${found[state]} messages in that state`)
    }
  }
  if (bytes !== audit.counters.bytes) audit.violations.push(`bytes ${audit.counters.bytes} ≠ ${bytes}`)
  return audit
}
