/** The tables whose rows may be deleted for their age. */
export const agingTables = [
  'agent_metrics',
  'agent_conversations',
  'security_events',
  'audit_logs',
  'metric_writes',
] as const

export type AgingTable = (typeof agingTables)[number]

export interface RetentionRepository {
  /**
   * Deletes at most `limit` rows that are older than a moment (ISO 8601), the oldest first, and gives how many. Messages
   * that may still change their status are kept for 30 days more. Raises `postgres.unavailable`.
   */
  forget(table: AgingTable, before: string, limit: number): Promise<number>
}
