import type { Hive } from '../hive.ts'
import { type AgingTable, agingTables } from './retention-repository.ts'

/** Few enough that a statement ends well within its time, whatever the rows hold. */
const batch = 1_000
/** A run ends well before the function's time is up; the next one goes on where it stopped. */
const budgetMs = 40_000
const dayMs = 86_400_000

/** How many rows went from each table, and the tables in which old ones may be left. */
export type Forgotten = { deleted: Partial<Record<AgingTable, number>>; unfinished: AgingTable[] }

/**
 * Deletes the rows that are older than the configuration keeps them, batch by batch and in turns, so that one table
 * with much to delete does not hold up the others. Raises `postgres.unavailable`; what was deleted by then is gone.
 */
export async function forgetOld(hive: Hive, limits = { batch, budgetMs }): Promise<Forgotten> {
  const { config, clock } = hive
  const days: Record<AgingTable, number> = {
    agent_metrics: config.metricsDays,
    agent_conversations: config.conversationsDays,
    security_events: config.securityEventsDays,
    audit_logs: config.auditDays,
    // keys of writes serve repetitions, and those come within a day
    metric_writes: 1,
  }
  const start = clock.now()
  const deleted: Forgotten['deleted'] = {}
  const { retention } = await hive.records()
  let unfinished = agingTables.filter((table) => days[table] > 0)
  while (unfinished.length > 0 && clock.now() - start < limits.budgetMs) {
    const left: AgingTable[] = []
    for (const table of unfinished) {
      const before = new Date(start - days[table] * dayMs).toISOString()
      const count = await retention.forget(table, before, limits.batch)
      deleted[table] = (deleted[table] ?? 0) + count
      if (count === limits.batch) left.push(table)
    }
    unfinished = left
  }
  if (unfinished.length > 0) hive.log.warn('old rows are left for the next run', { unfinished })
  return { deleted, unfinished }
}
