import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { HiveError } from '../../errors.ts'
import { readDatabase } from '../analyze/reading/catalogue.ts'
import { describeFault, diagnoseError } from '../analyze/reading/diagnose.ts'
import { openPrivateCopy } from '../analyze/reading/private-copy.ts'
import type { AnalysedTable } from '../analyze/source.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import { alone } from '../load/migration-lock.ts'
import { findRun } from '../moved/find-run.ts'
import { type FilePlan, largestOf, type Plan, type TablePlan } from '../plan/plan.ts'
import { missingTable, moveTable, type Progress, type TableMove, type TableResult } from './move-table.ts'
import { onlyPlaces, refuseRetried, rejectedPlaces } from './rejected-rows.ts'
import { describeSource, hashSource } from './source-file.ts'

export type RunResult = {
  run: string
  state: 'complete' | 'failed'
  /** Why it failed. */
  fault?: string
  files: { path: string; fault?: string }[]
  tables: TableResult[]
}

export type RunOptions = {
  /** The folder that the plan was made for. */
  folder: string
  plan: Plan
  /** A new run's id. */
  id: string
  /** More connections to the same database: batches are stored on them side by side. */
  lanes?: readonly MigrationClient[]
  /** A run whose rejected rows are tried again, and no others: the plan was mended for them. */
  rejectedBy?: string
  /** Moves files although other content under their names was moved before. */
  asNew?: boolean
  progress?: Progress
  /** Hears what became of each table. */
  ended?: (table: TableResult) => void
}

/**
 * Moves what a plan says, in batches that each commit with their checkpoint. A run that was stopped goes on where it was:
 * call it with the same plan. What was moved by another run is not moved again. One bad row, table or file stops no
 * others. The run fails, saying why, when nothing has an outcome, a table failed, a file of which the plan moves tables cannot be
 * read, or the counts do not add up.
 * Raises migration.changed, naming every file whose content has changed since it was moved; migration.unfinished, naming
 * those of which another plan has moved a part; migration.busy; and for rejected rows migration.unknown and
 * migration.retried.
 */
export async function runMigration(client: MigrationClient, options: RunOptions): Promise<RunResult> {
  return alone(client, () => run(client, options))
}

async function run(client: MigrationClient, options: RunOptions): Promise<RunResult> {
  const { folder } = options
  const plan = JSON.stringify(options.plan)
  await client.query("SET TIME ZONE 'UTC'")
  const hashes = new Map<string, string | Error>()
  for (const { path } of options.plan.files) {
    hashes.set(path, await hashSource(join(folder, path)).catch((error: Error) => error))
  }
  const known = [...hashes].flatMap(([path, hash]) => (typeof hash === 'string' ? [{ path, hash }] : []))
  if (options.rejectedBy === undefined) {
    if (!options.asNew) await refuseChanged(client, known)
    await refuseUnfinished(client, known, plan)
  } else await refuseOthers(client, options.rejectedBy, known)
  const id = await beginRun(client, options, plan)
  const result: RunResult = { run: id, state: 'complete', files: [], tables: [] }
  for (const file of options.plan.files) {
    const hash = hashes.get(file.path)
    const moved = await moveFile(client, id, file, hash, options)
    result.files.push({ path: file.path, ...(moved.fault === undefined ? {} : { fault: moved.fault }) })
    result.tables.push(...moved.tables)
  }
  const fault =
    options.rejectedBy !== undefined &&
    result.tables.length === 0 &&
    result.files.every((file) => file.fault === undefined)
      ? `run ${options.rejectedBy} has rejected no row of these files`
      : (lostFiles(options.plan, result) ?? faultOf(result))
  await client.query('UPDATE migration_runs SET state = $2, ended_at = now(), fault = $3 WHERE id = $1', [
    id,
    fault === undefined ? 'complete' : 'failed',
    fault ?? null,
  ])
  return fault === undefined ? result : { ...result, state: 'failed', fault }
}

type KnownFile = { path: string; hash: string }

/** The same content under the same name was never moved by a run that still stands, or it is the same. */
async function refuseChanged(client: MigrationClient, known: KnownFile[]): Promise<void> {
  const changed = await rowsOf<{ path: string; run_id: string }>(
    client,
    `SELECT DISTINCT ON (f.path) f.path, f.run_id FROM migration_files f
     JOIN migration_runs r ON r.id = f.run_id
     JOIN unnest($1::text[], $2::text[]) AS found (path, sha256) ON found.path = f.path
     WHERE r.state <> 'rolled back' AND f.sha256 IS NOT NULL AND NOT EXISTS (
       SELECT FROM migration_files g JOIN migration_runs q ON q.id = g.run_id
       WHERE q.state <> 'rolled back' AND g.sha256 = found.sha256
     )`,
    [known.map(({ path }) => path), known.map(({ hash }) => hash)],
  )
  if (changed.length === 0) return
  throw new HiveError(
    'migration.changed',
    'Files have changed since they were moved: roll the earlier run back first.',
    {
      errors: changed.map(({ path, run_id }) => ({ field: path, message: `has changed since run ${run_id} moved it` })),
    },
  )
}

/** Rejected rows are found again only in the very files that they were rejected from. */
async function refuseOthers(client: MigrationClient, run: string, known: KnownFile[]): Promise<void> {
  const { state } = await findRun(client, run)
  if (state === 'rolled back') throw new HiveError('migration.unknown', `Run ${run} was rolled back: it has no rows.`)
  const changed = await rowsOf<{ path: string }>(
    client,
    `SELECT f.path FROM migration_files f
     LEFT JOIN unnest($2::text[], $3::text[]) AS found (path, sha256) ON found.path = f.path AND found.sha256 = f.sha256
     WHERE f.run_id = $1 AND f.sha256 IS NOT NULL AND found.path IS NULL`,
    [run, known.map(({ path }) => path), known.map(({ hash }) => hash)],
  )
  if (changed.length === 0) return
  throw new HiveError('migration.changed', 'Files are gone or have changed since their rows were rejected.', {
    errors: changed.map(({ path }) => ({ field: path, message: `is not what run ${run} moved` })),
  })
}

/** What another plan has moved a part of would be there twice. */
async function refuseUnfinished(client: MigrationClient, known: KnownFile[], plan: string): Promise<void> {
  const parts = await rowsOf<{ path: string; name: string; run_id: string }>(
    client,
    `SELECT f.path, t.name, f.run_id FROM migration_tables t JOIN migration_files f ON f.id = t.file_id
     JOIN migration_runs r ON r.id = f.run_id
     JOIN unnest($1::text[]) AS found (sha256) ON found.sha256 = f.sha256
     WHERE r.state IN ('running', 'failed') AND r.plan <> $2 AND t.state IN ('running', 'failed')
       AND (t.rows > 0 OR r.step IS NOT NULL)`,
    [known.map(({ hash }) => hash), plan],
  )
  if (parts.length === 0) return
  throw new HiveError('migration.unfinished', 'Another plan has moved a part: go on with it, or roll its run back.', {
    errors: parts.map(({ path, name, run_id }) => ({
      field: `${path} ${name}`,
      message: `was begun by run ${run_id}`,
    })),
  })
}

/** Goes on with a run of this plan that was stopped or has failed, or begins one. */
async function beginRun(
  client: MigrationClient,
  { id, rejectedBy = undefined }: RunOptions,
  plan: string,
): Promise<string> {
  const [stopped] = await rowsOf<{ id: string }>(
    client,
    `UPDATE migration_runs SET state = 'running', ended_at = NULL, fault = NULL WHERE id = (
       SELECT id FROM migration_runs WHERE state IN ('running', 'failed') AND plan = $1 AND upload IS NULL
       AND retries IS NOT DISTINCT FROM $2 ORDER BY started_at DESC LIMIT 1
     ) RETURNING id`,
    [plan, rejectedBy ?? null],
  )
  if (stopped) return stopped.id
  if (rejectedBy !== undefined) await refuseRetried(client, rejectedBy)
  await client.query(`INSERT INTO migration_runs (id, state, plan, retries) VALUES ($1, 'running', $2, $3)`, [
    id,
    plan,
    rejectedBy ?? null,
  ])
  return id
}

async function moveFile(
  client: MigrationClient,
  run: string,
  file: FilePlan,
  hash: string | Error | undefined,
  options: RunOptions,
): Promise<{ fault?: string; tables: TableResult[] }> {
  const faulty = async (fault: string) => {
    await fileEntry(client, run, file.path, { fault })
    return { fault, tables: [] }
  }
  if (typeof hash !== 'string') return faulty(hash?.message ?? 'it is not there')
  const source = join(options.folder, file.path)
  const copy = await openPrivateCopy(source).catch((error: Error) => error)
  if (copy instanceof Error) return faulty(copy.message)
  try {
    if ('fault' in copy) return await faulty(describeFault(copy.fault))
    if ((await hashSource(source)) !== hash)
      return await faulty('it was written to while it was copied: stop its writer and try again')
    const read = readSource(copy.database, largestOf(options.plan))
    if ('fault' in read) return await faulty(read.fault)
    const { description, found } = read
    const fileId = await fileEntry(client, run, file.path, { sha256: hash, description })
    const tables: TableResult[] = []
    for (const table of file.tables) {
      if (table.target === 'skip') continue
      const one = await toBeMoved(client, options.rejectedBy, file.path, found.get(table.name))
      if (one === 'nothing') continue
      const [lane = client, ...lanes] = options.lanes ?? []
      const moved: TableMove = {
        client,
        lanes: [lane, ...lanes],
        fileId,
        hash,
        isRetry: options.rejectedBy !== undefined,
        path: file.path,
        table,
        zone: options.plan.zone,
        progress: options.progress,
      }
      const result = one ? await moveTable(moved, one) : missingTable(moved)
      tables.push(result)
      options.ended?.(result)
    }
    return { tables }
  } finally {
    await copy.close()
  }
}

/** What is in a file, and what `rebuild` makes it from; or why that cannot be told. */
function readSource(
  database: DatabaseSync,
  largest: number,
): { description: string; found: Map<string, AnalysedTable> } | { fault: string } {
  try {
    const { tables } = readDatabase(database, largest)
    return {
      description: JSON.stringify(describeSource(database)),
      found: new Map(tables.map((table) => [table.name, table])),
    }
  } catch (error) {
    return { fault: describeFault(diagnoseError(error)) }
  }
}

async function fileEntry(
  client: MigrationClient,
  run: string,
  path: string,
  { sha256, fault, description }: { sha256?: string; fault?: string; description?: string },
): Promise<string> {
  const [entry] = await rowsOf<{ id: string }>(
    client,
    `INSERT INTO migration_files AS f (run_id, path, sha256, fault, description) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (run_id, path) DO UPDATE SET fault = EXCLUDED.fault,
       sha256 = coalesce(f.sha256, EXCLUDED.sha256), description = coalesce(f.description, EXCLUDED.description)
     RETURNING id`,
    [run, path, sha256 ?? null, fault ?? null, description ?? null],
  )
  if (!entry) throw new Error('an upsert gave no row')
  return entry.id
}

/** What is to be read of a table: all of it, or the rows that another run has rejected if there are any. */
async function toBeMoved(
  client: MigrationClient,
  rejectedBy: string | undefined,
  path: string,
  table: AnalysedTable | undefined,
): Promise<AnalysedTable | undefined | 'nothing'> {
  if (rejectedBy === undefined || !table) return table
  const places = await rejectedPlaces(client, rejectedBy, path, table.name)
  return places.length === 0 ? 'nothing' : onlyPlaces(table, places)
}

/** Files that the plan moves, and that could not be read when their turn came. */
function lostFiles({ files }: Plan, result: RunResult): string | undefined {
  const moved = new Set(files.flatMap(({ path, tables }) => (tables.some(isMovable) ? [path] : [])))
  const lost = result.files.flatMap(({ path, fault }) =>
    fault !== undefined && moved.has(path) ? [`${path}: ${fault}`] : [],
  )
  if (lost.length === 0) return undefined
  return `${lost.length} files that the plan moves could not be read: ${lost.slice(0, 3).join('; ')}`
}

const isMovable = ({ target }: TablePlan) => target !== 'skip'

/** Why a run is not complete; undefined when it is. */
export function faultOf({ files, tables }: Pick<RunResult, 'files' | 'tables'>): string | undefined {
  const failed = tables.filter(({ state }) => state === 'failed')
  if (failed.length > 0) {
    const names = failed.map(({ file, table, fault }) => `${file} ${table}: ${fault}`)
    return `${failed.length} tables were not moved as a whole: ${names.slice(0, 3).join('; ')}`
  }
  const wrong = tables.filter(({ rows, migrated, legacy, rejected }) => rows !== migrated + legacy + rejected)
  if (wrong.length > 0) return `the rows of ${wrong.map(({ table }) => table).join(', ')} do not add up`
  if (tables.some(({ state }) => state === 'moved before')) return undefined
  const unreadable = files.filter(({ fault }) => fault !== undefined).length
  if (tables.every(({ rows }) => rows === 0))
    return `no row was moved: ${unreadable} files cannot be read, and the others hold none`
  return undefined
}
