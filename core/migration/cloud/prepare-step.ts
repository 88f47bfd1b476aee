import { HiveError } from '../../errors.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import { holding, together } from '../load/migration-lock.ts'
import { checkedPlan } from '../plan/check-plan.ts'
import { largestOf } from '../plan/plan.ts'
import { beginTables } from './begin-tables.ts'
import { failRun, noteProgress, type PendingRun } from './pending-run.ts'
import { withUploaded } from './scratch.ts'
import { type Catalogue, makeSnapshot } from './snapshot.ts'
import type { Step, StepContext } from './step.ts'
import { snapshotKey, type UploadedFile, uploadedFiles, uploadPrefix } from './upload-keys.ts'

/**
 * Makes one snapshot of each uploaded database, file by file, then checks the plan against them and begins to move. A run
 * that its plan or an earlier run stands in the way of fails before a row is moved, naming every problem.
 */
export const prepareStep: Step<'prepare'> = async (context, work) => {
  const { client, run } = context
  const done = await holding(client, `run ${run.id}`, () => together(client, () => prepare(context)))
  if (done?.result === 'more') return [work]
  return done?.result === 'begun' ? [{ step: 'move', run: run.id }] : []
}

async function prepare({ hive, client, run, stop }: StepContext): Promise<'more' | 'begun' | 'failed'> {
  const prefix = uploadPrefix(run.upload)
  const files = uploadedFiles(prefix, await hive.objects.list(prefix))
  const prepared = new Set((await preparedFiles(client, run)).map(({ path }) => path))
  for (const file of files.filter(({ path }) => !prepared.has(path))) {
    await prepareFile(hive, client, run, file)
    await noteProgress(client, run)
    if (stop()) return 'more'
  }
  const paths = new Set(files.map(({ path }) => path))
  const found = (await preparedFiles(client, run)).filter(({ path }) => paths.has(path))
  try {
    checkedPlan(
      run.plan,
      found.map(({ path, catalogue }) =>
        catalogue === null ? { path, readable: false, tables: [] } : { path, readable: true, tables: catalogue },
      ),
    )
    await beginTables(client, run)
  } catch (error) {
    if (!(error instanceof HiveError)) throw error
    await failRun(client, run, error.message, error.errors)
    return 'failed'
  }
  return 'begun'
}

async function preparedFiles(client: MigrationClient, { id }: PendingRun) {
  const rows = await rowsOf<{ path: string; catalogue: string | null }>(
    client,
    'SELECT path, catalogue FROM migration_files WHERE run_id = $1 AND (catalogue IS NOT NULL OR fault IS NOT NULL)',
    [id],
  )
  return rows.map(({ path, catalogue }) => ({
    path,
    catalogue: catalogue === null ? null : (JSON.parse(catalogue) as Catalogue),
  }))
}

async function prepareFile(
  hive: StepContext['hive'],
  client: MigrationClient,
  run: PendingRun,
  file: UploadedFile,
): Promise<void> {
  const { objects, config } = hive
  const made =
    file.bytes > config.migrationMaxBytes
      ? { state: 'too large', detail: `${file.bytes} bytes; the command, hive migrate run, moves files of any size` }
      : await withUploaded(hive, file, async (copy) => {
          const snapshot = await makeSnapshot(copy, largestOf(run.plan))
          if ('sha256' in snapshot) await objects.upload(snapshotKey(run.id, snapshot.sha256), copy)
          return snapshot
        })
  const values =
    'sha256' in made
      ? [made.content, made.sha256, JSON.stringify(made.catalogue), JSON.stringify(made.description), null]
      : [null, null, null, null, `${made.state}: ${made.detail}`]
  await client.query(
    `INSERT INTO migration_files (run_id, path, content, snapshot, catalogue, description, fault)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (run_id, path) DO UPDATE SET content = EXCLUDED.content, snapshot = EXCLUDED.snapshot,
       catalogue = EXCLUDED.catalogue, description = EXCLUDED.description, fault = EXCLUDED.fault`,
    [run.id, file.path, ...values],
  )
}
