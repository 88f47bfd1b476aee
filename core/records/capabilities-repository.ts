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

/** All methods raise `postgres.unavailable`, and `request.unprocessable` for values that the columns do not take. */
export interface CapabilitiesRepository {
  /**
   * Stores declarations, all or none; each replaces the one before it of the same agent and capability, the last of
   * the call too. Gives the rows by agent and capability, and which of them are new.
   */
  declare(declarations: CapabilityDeclaration[]): Promise<(CapabilityRow & { created: boolean })[]>
  /** Takes back what an agent declared. Gives how many there were. */
  withdraw(agent_name: string, capabilities: string[]): Promise<number>
  /** An agent's capabilities by name, in the order of code points. Throws `cursor.invalid`. */
  byAgent(agent_name: string, page: { cursor?: string | undefined; limit: number }): Promise<Page<CapabilityRow>>
  /** Who can do what: by capability, the most proficient first, then by agent. Throws `cursor.invalid`. */
  query(query: CapabilityQuery): Promise<Page<CapabilityRow>>
}
