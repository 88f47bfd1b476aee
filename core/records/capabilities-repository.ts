import type { AuditEntry } from './audit-repository.ts'
import type { Page } from './page.ts'

/** What an agent says it can do. */
export type CapabilityDeclaration = {
  agent_name: string
  capability: string
  /** 1 to 10; 5 when it is not said. */
  proficiency_level?: number | undefined
  description?: string | null | undefined
}

/** A stored declaration. `id` is a 64-bit integer in decimal digits. */
export type CapabilityRow = {
  id: string
  agent_name: string
  capability: string
  proficiency_level: number
  description: string | null
  /** When it last became another one. ISO 8601. */
  last_updated: string
}

export type CapabilityQuery = {
  capability?: string | undefined
  /** The least proficiency. */
  min_proficiency?: number | undefined
  limit: number
  cursor?: string | undefined
}

/**
 * An `entry` is added to the audit log together with the change, or neither is there. All methods raise
 * `postgres.unavailable`, and `request.unprocessable` for values that the columns do not take.
 */
export interface CapabilitiesRepository {
  /**
   * Stores declarations, all or none; each replaces the one before it of the same agent and capability, the last of
   * the call too. Gives the rows by agent and capability, and which of them are new; none when an agent would have
   * declared more than `most` (which calls at the same moment may pass by a few).
   */
  declare(
    declarations: CapabilityDeclaration[],
    options?: { most?: number; entry?: AuditEntry | undefined },
  ): Promise<(CapabilityRow & { created: boolean })[]>
  /** Takes back what an agent declared. Gives how many there were. */
  withdraw(agent_name: string, capabilities: string[], entry?: AuditEntry): Promise<number>
  get(agent_name: string, capability: string): Promise<CapabilityRow | undefined>
  /** All declarations by agent and capability, beginning after one. */
  list(page: {
    after?: { agent_name: string; capability: string } | undefined
    limit: number
  }): Promise<CapabilityRow[]>
  /** An agent's capabilities by name, in the order of code points. Throws `cursor.invalid`. */
  byAgent(agent_name: string, page: { cursor?: string | undefined; limit: number }): Promise<Page<CapabilityRow>>
  /** Who can do what: by capability, the most proficient first, then by agent. Throws `cursor.invalid`. */
  query(query: CapabilityQuery): Promise<Page<CapabilityRow>>
}
