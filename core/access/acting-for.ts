import type { Hive } from '../hive.ts'
import type { AuditEntry } from '../records/audit-repository.ts'
import { actorOf, auditEntry } from './audit.ts'
import { type Caller, isAdmin } from './caller.ts'

/** Agents for which one key's doing of one kind is written down in a minute, by one function instance. */
const mostAgents = 20
/** How long a caller waits for the entry to be written. */
const patienceMs = 1_000

/** What a function instance has written down in the minute that runs, by key and kind. */
export type Acting = { minute: number; agents: Set<string>; unrecorded: number }

/**
 * Writes down that an operator acts for agents on the hot path: sends as one, takes from its inbox, writes its metrics.
 * There may be thousands of such requests a second, so the audit log gets one entry a minute for each key, kind and agent, and the
 * next entry tells how many were left out. An agent that acts for itself costs nothing. Never throws, so that the hot
 * path does not depend on Postgres: a failure to write is logged with the entry.
 */
export async function noteActing(
  hive: Hive,
  caller: Caller,
  action: 'message.publish' | 'inbox.receive' | 'inbox.settle' | 'metrics.write',
  agents: Iterable<string>,
): Promise<void> {
  if (!isAdmin(caller)) return
  const others = new Set(agents)
  if (caller.agent !== null) others.delete(caller.agent)
  if (others.size === 0) return
  const acting = actingOf(hive, `${caller.keyId} ${action}`)
  const entries: AuditEntry[] = []
  for (const agent of others) {
    if (acting.agents.has(agent) || acting.agents.size >= mostAgents) {
      acting.unrecorded += 1
      continue
    }
    acting.agents.add(agent)
    const details = acting.unrecorded === 0 ? {} : { unrecorded: acting.unrecorded }
    acting.unrecorded = 0
    entries.push(auditEntry(hive, { action, actor: actorOf(caller), target: agent, details }))
  }
  if (entries.length === 0) return
  const writing = hive
    .records()
    .then(({ audit }) => audit.record(entries))
    .catch(() => hive.log.error('audit entries not written', { entries }))
  const patience = new AbortController()
  await Promise.race([writing, hive.clock.sleep(patienceMs, patience.signal).catch(() => {})])
  patience.abort()
}

function actingOf(hive: Hive, kind: string): Acting {
  const minute = Math.floor(hive.clock.now() / 60_000)
  const { acting } = hive.access
  let known = acting.get(kind)
  if (known?.minute !== minute) {
    known = { minute, agents: new Set(), unrecorded: known?.unrecorded ?? 0 }
    acting.set(kind, known)
  }
  return known
}
