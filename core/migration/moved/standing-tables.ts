import type { MigrationClient } from '../load/migration-client.ts'
import { findRun, type Run } from './find-run.ts'
import { movedBefore } from './moved-before.ts'
import { type MovedTable, movedTables } from './read-moved.ts'

/**
 * The tables of a run, in their order, those that another run had moved before with what that one moved. They stay `moved
 * before` where no run has their rows any more.
 */
export async function standingTables(client: MigrationClient, run: Pick<Run, 'id' | 'plan'>): Promise<MovedTable[]> {
  const tables = await movedTables(client, run.id, run.plan.zone)
  if (tables.every(({ state }) => state !== 'moved before')) return tables
  const owned = new Map<string, MovedTable>()
  for (const [by, ofRun] of Map.groupBy(await movedBefore(client, { run: run.id }), (one) => one.by)) {
    if (by === null) continue
    const moved = await movedTables(client, by, (await findRun(client, by)).plan.zone)
    const byId = new Map(moved.map((table) => [table.id, table]))
    for (const { id, owner } of ofRun) {
      const found = owner === null ? undefined : byId.get(owner)
      if (found) owned.set(id, found)
    }
  }
  return tables.map((table) => {
    const found = owned.get(table.id)
    return found ? { ...found, path: table.path } : table
  })
}
