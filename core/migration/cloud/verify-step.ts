import { measure } from '../../measure.ts'
import { readTable } from '../analyze/reading/catalogue.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import { holding, together } from '../load/migration-lock.ts'
import { movedTables } from '../moved/read-moved.ts'
import { type Difference, verifyTable } from '../moved/verify-run.ts'
import { largestOf } from '../plan/plan.ts'
import { noteProgress } from './pending-run.ts'
import { withSnapshot } from './scratch.ts'
import type { Step, StepContext } from './step.ts'

const mostListed = 100

/**
 * Compares one table of a run with its snapshot, row by row, from where it was stopped on. The one that ends the last table
 * ends the step, and measures it where anything differs.
 */
export const verifyStep: Step<'verify'> = async (context, { run, table }) => {
  const { client } = context
  if (table === undefined) {
    const tables = await begin(client, run)
    if (tables.length > 0) return tables.map(({ id }) => ({ step: 'verify', run, table: id }))
  } else {
    const done = await holding(client, `table ${table}`, () => together(client, () => verifyOne(context, table)))
    if (!done) return []
    if (done.result === 'more') return [{ step: 'verify', run, table }]
  }
  await end(context)
  return []
}

/** A check for each table that this run has moved; those that have not come to their end. */
async function begin(client: MigrationClient, run: string): Promise<{ id: string }[]> {
  await client.query(
    `INSERT INTO migration_checks (table_id) SELECT t.id FROM migration_tables t JOIN migration_files f ON f.id = t.file_id
     WHERE f.run_id = $1 AND t.state <> 'moved before' ON CONFLICT DO NOTHING`,
    [run],
  )
  return rowsOf<{ id: string }>(
    client,
    `SELECT c.table_id AS id FROM migration_checks c JOIN migration_tables t ON t.id = c.table_id
     JOIN migration_files f ON f.id = t.file_id WHERE f.run_id = $1 AND NOT c.ended ORDER BY c.table_id`,
    [run],
  )
}

type Check = { snapshot: string; place: number; differences: string }

async function verifyOne({ hive, client, run, stop }: StepContext, id: string): Promise<'more' | 'ended'> {
  const [check] = await rowsOf<Check>(
    client,
    `SELECT f.snapshot, c.place::float8 AS place, c.differences FROM migration_checks c
     JOIN migration_tables t ON t.id = c.table_id JOIN migration_files f ON f.id = t.file_id
     WHERE c.table_id = $1 AND f.run_id = $2 AND NOT c.ended`,
    [id, run.id],
  )
  const moved = (await movedTables(client, run.id, run.plan.zone)).find((table) => table.id === id)
  if (!check || !moved) return 'ended'
  const result = { rows: { source: 0, moved: 0 } }
  const differences = JSON.parse(check.differences) as Difference[]
  let more = 0
  const differ = (difference: Difference) => {
    if (differences.length < mostListed) differences.push(difference)
    else more++
  }
  const stopped = await withSnapshot(hive, run.id, check.snapshot, async (found) => {
    if (typeof found === 'string') differ({ file: moved.path, table: moved.name, what: found })
    const source = typeof found === 'string' ? undefined : readTable(found, moved.name, largestOf(run.plan))
    return verifyTable(client, moved, source, result, differ, { from: check.place, stop })
  })
  await client.query(
    `UPDATE migration_checks SET place = $2, source = source + $3, moved = moved + $4, differences = $5, more = more + $6,
       ended = $7 WHERE table_id = $1`,
    [
      id,
      stopped ?? check.place,
      result.rows.source,
      result.rows.moved,
      JSON.stringify(differences),
      more,
      stopped === undefined,
    ],
  )
  await noteProgress(client, run)
  return stopped === undefined ? 'ended' : 'more'
}

async function end({ hive, client, run }: StepContext): Promise<void> {
  const ofRun = `migration_checks c JOIN migration_tables t ON t.id = c.table_id JOIN migration_files f ON f.id = t.file_id
    WHERE f.run_id = $1`
  const [ended] = await rowsOf<{ differs: boolean }>(
    client,
    `UPDATE migration_runs SET step = NULL WHERE id = $1 AND step = 'verify'
       AND NOT EXISTS (SELECT FROM ${ofRun} AND NOT c.ended)
     RETURNING EXISTS (SELECT FROM ${ofRun} AND c.differences <> '[]') AS differs`,
    [run.id],
  )
  if (ended?.differs) measure(hive, 'migration verify failed', { MigrationVerifyFailed: 1 }, { run: run.id })
}
