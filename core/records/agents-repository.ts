import type { AuditEntry } from './audit-repository.ts'

/** An agent as it is stored. Times are ISO 8601. */
export type AgentRecord = {
  name: string
  endpoint: string | null
  /** When the endpoint's answers disabled it. */
  endpoint_disabled_at: string | null
  /** Newest first, two at most. */
  sealed_secrets: string[]
  disabled: boolean
  /** 1, and one more with each change: the order of versions is the order of changes. */
  version: number
  created_at: string
  updated_at: string
}

export type AgentPut = { name: string; endpoint: string | null; sealed_secrets: string[]; disabled: boolean }

export type AgentPatch = {
  endpoint?: string | null
  endpoint_disabled_at?: string | null
  /** Changes nothing, and gives nothing, when the agent has another endpoint by now. */
  if_endpoint?: string
  sealed_secrets?: string[]
  disabled?: boolean
}

/**
 * An `entry` is added to the audit log together with the change, or neither is there: what was so already is no change. All methods raise
 * `postgres.unavailable`, and `request.unprocessable` for values that the columns do not take.
 */
export interface AgentsRepository {
  /** Creates an agent or replaces all of it; its endpoint is enabled. What was so already gets no new version. */
  put(agent: AgentPut, entry?: AuditEntry): Promise<{ agent: AgentRecord; created: boolean }>
  /** Changes what is given and keeps the rest. Undefined if there is no such agent. */
  change(name: string, patch: AgentPatch, entry?: AuditEntry): Promise<AgentRecord | undefined>
  get(name: string): Promise<AgentRecord | undefined>
  /** By name, in the order of code points, beginning after the name `after`. */
  list(page: { after?: string | undefined; limit: number }): Promise<AgentRecord[]>
}
