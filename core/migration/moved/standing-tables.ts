import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import type { Plan } from '../plan/plan.ts'
import { ownersOf } from '../run/move-table.ts'
import type { Run } from './find-run.ts'
import { type MovedTable, movedTables } from './read-moved.ts'

/**
 * The tables of a run, in their order, those that another run had moved before with what that one moved. They stay `moved
 * before` where no run has their rows any more.
 */
export async function standingTables(client: MigrationClient, run: Pick<Run, 'id' | 'plan'>): Promise<MovedTable[]> {
  const tables = await movedTables(client, run.id, run.plan.zone)
  if (tables.every(({ state }) => state !== 'moved before')) return tables
  const owners = await rowsOf<{ id: string; owner: string; run_id: string; plan: string }>(
    client,
    ownersOf('f.run_id = $1'),
    [run.id],
  )
  const owned = new Map<string, MovedTable>()
  for (const [id, ofRun] of Map.groupBy(owners, ({ run_id }) => run_id)) {
    const moved = await movedTables(client, id, (JSON.parse(ofRun[0]?.plan ?? '') as Plan).zone)
    for (const { id: table, owner } of ofRun) {
      const found = moved.find((one) => one.id === owner)
      if (found) owned.set(table, found)
    }
  }
  return tables.map((table) => {
    const found = table.state === 'moved before' ? owned.get(table.id) : undefined
    return found ? { ...found, path: table.path } : table
  })
}
