import type { RunStatement } from '../drivers/run-statement.ts'
import type { AgingTable, RetentionRepository } from '../retention-repository.ts'

/** What names a row, its age, and which of the old ones are kept nevertheless. */
const aging: Record<AgingTable, { key: string; age: string; and?: string }> = {
  agent_metrics: { key: 'id', age: '"timestamp"' },
  agent_conversations: {
    key: 'id',
    age: '"timestamp"',
    // waiting, or a dead letter that may be sent again: its next status must find its row
    and: `AND (status IN ('delivered', 'expired', 'discarded') OR "timestamp" < $1::timestamptz - interval '30 days')`,
  },
  security_events: { key: 'id', age: '"timestamp"' },
  audit_logs: { key: 'id', age: '"timestamp"' },
  metric_writes: { key: 'key', age: 'written_at' },
}

/** Deleting what is old, in Postgres. */
export function createRetention(run: RunStatement): RetentionRepository {
  return {
    async forget(table, before, limit) {
      const { key, age, and = '' } = aging[table]
      const [row] = await run<{ count: number }>(
        `WITH gone AS (
           DELETE FROM ${table} WHERE ${key} IN (
             SELECT ${key} FROM ${table} WHERE ${age} < $1::timestamptz ${and}
             ORDER BY ${age} LIMIT $2::int FOR UPDATE SKIP LOCKED
           ) RETURNING 1
         )
         SELECT count(*)::int AS count FROM gone`,
        [before, limit],
      )
      return row?.count ?? 0
    },
  }
}
