import { randomUUID } from 'node:crypto'
import type { Hive } from '../hive.ts'
import type { AuditEntry } from '../records/audit-repository.ts'
import type { Caller } from './caller.ts'

/** Who acts when nobody told the hive to. */
export const hiveItself = 'hive'
/** Who acts with the first admin key of the configuration. */
export const stageAdmin = 'config:1'

/** A caller as the audit log names it: `config:<n>` for the n-th admin key of the configuration, `key:<id>` for an API key. */
export function actorOf(caller: Caller): string {
  return caller.keyId.startsWith('config:') ? caller.keyId : `key:${caller.keyId}`
}

/** Who acts for an agent that is not its own, as the audit log names it; undefined for the agent itself. */
export function actorFor(caller: Caller, agent: string): string | undefined {
  return caller.agent === agent ? undefined : actorOf(caller)
}

export type AdminAction = {
  /** What is done, such as `agent.put`. */
  action: string
  actor: string
  /** What it is done to, such as an agent's name. */
  target: string | null
  /** More about it; never a key, a secret or a body. */
  details?: object
}

/** An action as an entry of the audit log, of now. */
export function auditEntry(hive: Hive, { action, actor, target, details = {} }: AdminAction): AuditEntry {
  const timestamp = new Date(hive.clock.now()).toISOString()
  return { action, actor, target, details, timestamp, event_id: randomUUID() }
}

/**
 * Writes an action to the audit log. For an action outside of Postgres call it before the action: what cannot be audited
 * is then not done, and an entry says what was asked for. An action in Postgres takes `auditEntry` into its own
 * statement instead. Throws `postgres.unavailable`.
 */
export async function audit(hive: Hive, action: AdminAction): Promise<void> {
  const records = await hive.records()
  await records.audit.record([auditEntry(hive, action)])
}
