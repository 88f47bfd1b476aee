import { join } from 'node:path'
import { HiveError } from '../../errors.ts'
import { readDatabase } from '../analyze/reading/catalogue.ts'
import { openPrivateCopy } from '../analyze/reading/private-copy.ts'
import type { AnalysedTable } from '../analyze/source.ts'
import { compileTable } from '../convert/compile-table.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import { alone } from '../load/migration-lock.ts'
import type { FilePlan, Plan, TablePlan } from '../plan/plan.ts'
import { describeSource, hashSource } from './source-file.ts'
import { type SourceRow, sourceRows } from './source-row.ts'
import { type Moved, storeBatch } from './store-batch.ts'

/** What one batch holds at most. */
const batchRows = 5_000
const batchBytes = 8 * 1_048_576

export type TableResult = {
  file: string
  table: string
  state: 'done' | 'moved before' | 'failed'
  rows: number
  migrated: number
  legacy: number
  rejected: number
  target_rows: number
  fault?: string
}

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
  /** Moves files although other content under their names was moved before. */
  asNew?: boolean
  /** Hears how many rows of a table have an outcome, after each batch. */
  progress?: (table: { file: string; table: string; rows: number }) => void
}

/**
 * Moves what a plan says, in batches that each commit with their checkpoint. A run that was stopped goes on where it was:
 * call it with the same plan. What was moved by another run is not moved again. One bad row, table or file stops no
 * others. The run fails, saying why, when nothing has an outcome, a table failed, or the counts do not add up.
 * Raises migration.changed, naming every file whose content has changed since it was moved; migration.unfinished, naming
 * those of which another plan has moved a part; migration.busy.
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
  if (!options.asNew) await refuseChanged(client, known)
  await refuseUnfinished(client, known, plan)
  const id = await beginRun(client, options.id, plan)
  const result: RunResult = { run: id, state: 'complete', files: [], tables: [] }
  for (const file of options.plan.files) {
    const hash = hashes.get(file.path)
    const moved = await moveFile(client, id, file, hash, options)
    result.files.push({ path: file.path, ...(moved.fault === undefined ? {} : { fault: moved.fault }) })
    result.tables.push(...moved.tables)
  }
  const fault = faultOf(result)
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
       WHERE q.state <> 'rolled back' AND g.path = found.path AND g.sha256 = found.sha256
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

/** What another plan has moved a part of would be there twice. */
async function refuseUnfinished(client: MigrationClient, known: KnownFile[], plan: string): Promise<void> {
  const parts = await rowsOf<{ path: string; name: string; run_id: string }>(
    client,
    `SELECT f.path, t.name, f.run_id FROM migration_tables t JOIN migration_files f ON f.id = t.file_id
     JOIN migration_runs r ON r.id = f.run_id
     JOIN unnest($1::text[], $2::text[]) AS found (path, sha256) ON found.path = f.path AND found.sha256 = f.sha256
     WHERE r.state IN ('running', 'failed') AND r.plan <> $3 AND t.state IN ('running', 'failed') AND t.rows > 0`,
    [known.map(({ path }) => path), known.map(({ hash }) => hash), plan],
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
async function beginRun(client: MigrationClient, id: string, plan: string): Promise<string> {
  const [stopped] = await rowsOf<{ id: string }>(
    client,
    `UPDATE migration_runs SET state = 'running', ended_at = NULL, fault = NULL WHERE id = (
       SELECT id FROM migration_runs WHERE state IN ('running', 'failed') AND plan = $1 ORDER BY started_at DESC LIMIT 1
     ) RETURNING id`,
    [plan],
  )
  if (stopped) return stopped.id
  await client.query(`INSERT INTO migration_runs (id, state, plan) VALUES ($1, 'running', $2)`, [id, plan])
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
    if ('fault' in copy) return await faulty(`${copy.fault.state}: ${copy.fault.detail}`)
    if ((await hashSource(source)) !== hash) return await faulty('it was written to while it was copied')
    const fileId = await fileEntry(client, run, file.path, {
      sha256: hash,
      description: JSON.stringify(describeSource(copy.database)),
    })
    const found = new Map(readDatabase(copy.database).tables.map((table) => [table.name, table]))
    const tables: TableResult[] = []
    for (const table of file.tables) {
      if (table.target === 'skip') continue
      const one = found.get(table.name)
      const moved = { client, fileId, hash, file, table, options }
      tables.push(await (one ? moveTable(moved, one) : missing(moved)))
    }
    return { tables }
  } finally {
    await copy.close()
  }
}

type TableMove = {
  client: MigrationClient
  fileId: string
  hash: string
  file: FilePlan
  table: Exclude<TablePlan, { target: 'skip' }>
  options: RunOptions
}

async function missing({ file, table }: TableMove): Promise<TableResult> {
  const fault = 'the table is not there any more'
  const none = { rows: 0, migrated: 0, legacy: 0, rejected: 0, target_rows: 0 }
  return { file: file.path, table: table.name, state: 'failed', ...none, fault }
}

type Entry = Moved & { id: string; state: TableResult['state'] | 'running' }

async function moveTable(move: TableMove, source: AnalysedTable): Promise<TableResult> {
  const { client, file, table, options } = move
  const entry = await tableEntry(move, source)
  const named = { file: file.path, table: table.name }
  const total: Moved = {
    rows: Number(entry.rows),
    migrated: Number(entry.migrated),
    legacy: Number(entry.legacy),
    rejected: Number(entry.rejected),
    target_rows: Number(entry.target_rows),
  }
  if (entry.state !== 'running') return { ...named, state: entry.state, ...total }
  const gaps: string[] = []
  const end = async (state: TableResult['state'], fault?: string): Promise<TableResult> => {
    await client.query('UPDATE migration_tables SET state = $2, fault = $3 WHERE id = $1', [
      entry.id,
      state,
      fault ?? null,
    ])
    return { ...named, state, ...total, ...(fault === undefined ? {} : { fault }) }
  }
  try {
    const compiled = compileTable(table, source.columns, options.plan.zone)
    let batch: SourceRow[] = []
    let bytes = 0
    const flush = async () => {
      const moved = await storeBatch(client, entry.id, compiled, batch)
      for (const name of Object.keys(total) as (keyof Moved)[]) total[name] += moved[name]
      options.progress?.({ ...named, rows: total.rows })
      batch = []
      bytes = 0
    }
    for (const row of sourceRows(source, compiled, total.rows, (what) => gaps.push(what))) {
      batch.push(row)
      bytes += row.bytes
      if (batch.length >= batchRows || bytes >= batchBytes) await flush()
    }
    if (batch.length > 0) await flush()
  } catch (error) {
    if (connectionLost(error)) throw error
    return end('failed', error instanceof Error ? error.message : String(error))
  }
  return gaps.length === 0 ? end('done') : end('failed', gaps.join('; '))
}

/** What Postgres itself says has an SQLSTATE; classes 08 and 57 are about the connection, and no fault of a table. */
function connectionLost(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  return /^(?:08|57|E)/.test(code) || (error instanceof Error && /connection|terminated/i.test(error.message))
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

/** The ledger's entry of a table: as far as this run has come, or that another one has moved the same content. */
async function tableEntry(move: TableMove, source: AnalysedTable): Promise<Entry> {
  const { client, fileId, hash, file, table } = move
  const columns = JSON.stringify(
    source.columns.map(({ name, declaredType, generated }) => ({ name, declaredType, generated })),
  )
  const [entry] = await rowsOf<Entry>(
    client,
    `INSERT INTO migration_tables AS t (file_id, name, state, plan, columns)
     SELECT $1, $2, CASE WHEN EXISTS (
       SELECT FROM migration_tables o JOIN migration_files f ON f.id = o.file_id JOIN migration_runs r ON r.id = f.run_id
       WHERE f.sha256 = $3 AND f.path = $4 AND o.name = $2 AND o.state = 'done' AND r.state <> 'rolled back'
         AND f.id <> $1::bigint
     ) THEN 'moved before' ELSE 'running' END, $5, $6
     ON CONFLICT (file_id, name) DO UPDATE SET state = CASE WHEN t.state = 'failed' THEN 'running' ELSE t.state END
     RETURNING id, state, rows, migrated, legacy, rejected, target_rows`,
    [fileId, table.name, hash, file.path, JSON.stringify(table), columns],
  )
  if (!entry) throw new Error('an upsert gave no row')
  return entry
}

/** Why a run is not complete; undefined when it is. */
function faultOf({ files, tables }: RunResult): string | undefined {
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
