import { auditInbox } from '../bus/audit.ts'
import { crc32 } from '../crc32.ts'
import { HiveError } from '../errors.ts'
import type { Hive } from '../hive.ts'
import { measure } from '../measure.ts'

/** An audit ends before its function's time. */
const budgetMs = 50_000
const page = 1_000
const atOnce = 16

export type Audited = { audited: number; violated: number }

/**
 * Once an hour: checks that no inbox has lost a message or has one too many. Each agent has its turn in one hour of the day,
 * so that a day costs some ten commands an agent. Violations are logged with the agent and what does not add up, and measured.
 * Raises redis.unavailable, postgres.unavailable.
 */
export async function auditInboxes(hive: Hive): Promise<Audited> {
  const { clock, log } = hive
  const end = clock.now() + budgetMs
  const hour = new Date(clock.now()).getUTCHours()
  const { agents } = await hive.records()
  const audited: Audited = { audited: 0, violated: 0 }
  for (let after: string | undefined; ; ) {
    const found = await agents.list({ after, limit: page })
    const due = found.map(({ name }) => name).filter((name) => turnOf(name) === hour)
    for (let at = 0; at < due.length; at += atOnce) {
      if (clock.now() >= end) {
        log.warn('inboxes are left for the audit of tomorrow', { after: due[at] })
        return tell(hive, audited)
      }
      const violations = await Promise.all(due.slice(at, at + atOnce).map((agent) => audit(hive, agent)))
      audited.audited += violations.length
      audited.violated += violations.filter((violated) => violated).length
    }
    after = found.at(-1)?.name
    if (found.length < page) return tell(hive, audited)
  }
}

/** The hour of the day in which an agent's inbox is audited. */
export function turnOf(agent: string): number {
  return crc32(agent) % 24
}

async function audit(hive: Hive, agent: string): Promise<boolean> {
  try {
    const { violations } = await auditInbox(hive, agent)
    if (violations.length === 0) return false
    hive.log.error('an inbox does not add up', { agent, violations })
    return true
  } catch (error) {
    if (!(error instanceof HiveError) || error.code !== 'agent.unknown') throw error
    hive.log.error('an agent is missing in Redis: rebuild the projection', { agent })
    return true
  }
}

function tell(hive: Hive, audited: Audited): Audited {
  measure(hive, 'inboxes audited', { InboxesAudited: audited.audited, ConservationViolated: audited.violated })
  return audited
}
