import { readTable } from '../analyze/reading/catalogue.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import { holding, together } from '../load/migration-lock.ts'
import { largestOf, TablePlan } from '../plan/plan.ts'
import { moveTable, type TableMove } from '../run/move-table.ts'
import { endMoving } from './end-moving.ts'
import { noteProgress } from './pending-run.ts'
import { withSnapshot } from './scratch.ts'
import type { Step, StepContext } from './step.ts'

/**
 * Moves one table of a run from its checkpoint on, as far as the time goes. The one that ends the last table ends the run,
 * which is then verified if it is complete.
 */
export const moveStep: Step<'move'> = async (context, { run, table }) => {
  const { client } = context
  if (table === undefined) {
    const tables = await rowsOf<{ id: string }>(
      client,
      `SELECT t.id FROM migration_tables t JOIN migration_files f ON f.id = t.file_id
       WHERE f.run_id = $1 AND t.state = 'running' ORDER BY t.id`,
      [run],
    )
    if (tables.length > 0) return tables.map(({ id }) => ({ step: 'move', run, table: id }))
  } else {
    const done = await holding(client, `table ${table}`, () => together(client, () => moveOne(context, table)))
    if (!done) return []
    if (done.result === 'more') return [{ step: 'move', run, table }]
  }
  const next = await endMoving(client, run)
  return next ? [{ step: next, run }] : []
}

type Pending = { file_id: string; path: string; name: string; content: string; snapshot: string; plan: string }

async function moveOne({ hive, client, run, stop }: StepContext, id: string): Promise<'more' | 'ended'> {
  const pending = await pendingTable(client, run.id, id)
  if (!pending) return 'ended'
  const { file_id: fileId, path, name, content: hash } = pending
  const table = TablePlan.parse(JSON.parse(pending.plan)) as TableMove['table']
  const fault = await withSnapshot(hive, run.id, pending.snapshot, async (found) => {
    if (typeof found === 'string') return found
    const source = readTable(found, name, largestOf(run.plan))
    if (!source) return 'the table is not in its snapshot'
    const ends = { lanes: [client] as const, isRetry: false, zone: run.plan.zone, stop }
    const { state } = await moveTable({ client, fileId, hash, path, table, ...ends }, source)
    return { state }
  })
  if (typeof fault === 'string') {
    await client.query("UPDATE migration_tables SET state = 'failed', fault = $2 WHERE id = $1", [id, fault])
    return 'ended'
  }
  await noteProgress(client, run)
  return fault.state === 'stopped' ? 'more' : 'ended'
}

async function pendingTable(client: MigrationClient, run: string, table: string): Promise<Pending | undefined> {
  const [found] = await rowsOf<Pending>(
    client,
    `SELECT t.file_id, f.path, t.name, f.content, f.snapshot, t.plan
     FROM migration_tables t JOIN migration_files f ON f.id = t.file_id
     WHERE t.id = $2 AND f.run_id = $1 AND t.state = 'running'`,
    [run, table],
  )
  return found
}
