import type { AnalysedTable } from '../analyze/source.ts'
import { compileTable } from '../convert/compile-table.ts'
import { sourceOf } from '../convert/source.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import { holdsRows, movedBefore } from '../moved/moved-before.ts'
import type { TablePlan } from '../plan/plan.ts'
import { moveRows } from './move-rows.ts'
import { plainTarget } from './plain-target.ts'
import type { Moved } from './prepared-batch.ts'
import { ReservedIds } from './reserve-ids.ts'
import { sourceRows } from './source-row.ts'
import type { TableStore } from './store-batch.ts'

export type TableResult = {
  file: string
  table: string
  /** `stopped` is a table of which rows are left: moving it again goes on behind the last one. */
  state: 'done' | 'moved before' | 'failed' | 'stopped'
  rows: number
  migrated: number
  legacy: number
  rejected: number
  target_rows: number
  fault?: string
  /** The run that had moved it before. */
  moved_by?: string
}

/** Hears, after each batch, how many rows of a table have an outcome, and how many there seem to be if that is known. */
export type Progress = (table: { file: string; table: string; rows: number; expected: number | undefined }) => void

export type TableMove = {
  client: MigrationClient
  lanes: TableStore['lanes']
  fileId: string
  /** Of the file's content. */
  hash: string
  /** Only rows are moved that another run has rejected: then it is no matter that the table was moved before. */
  isRetry: boolean
  path: string
  table: Exclude<TablePlan, { target: 'skip' }>
  zone: string
  progress?: Progress | undefined
  /** Asked after each batch; a table that is told to stop stops there. */
  stop?: (() => boolean) | undefined
}

const none: Moved = { rows: 0, migrated: 0, legacy: 0, rejected: 0, target_rows: 0 }

/** What is said of a table that a plan has and its file has not. */
export function missingTable({ path, table }: TableMove): TableResult {
  return { file: path, table: table.name, state: 'failed', ...none, fault: 'the table is not there any more' }
}

/**
 * Moves the rows of one table that have no outcome yet, until its end or until it is told to stop. While a batch is stored
 * the next one is read and converted. Raises what is wrong with the connection; any other fault is the table's.
 */
export async function moveTable(move: TableMove, source: AnalysedTable): Promise<TableResult> {
  const { client, path, table } = move
  const entry = await tableEntry(move, source)
  const named = { file: path, table: table.name }
  const total: Moved = {
    rows: Number(entry.rows),
    migrated: Number(entry.migrated),
    legacy: Number(entry.legacy),
    rejected: Number(entry.rejected),
    target_rows: Number(entry.target_rows),
  }
  if (entry.state !== 'running') {
    const [before] = entry.state === 'moved before' ? await movedBefore(client, { table: entry.id }) : []
    return { ...named, state: entry.state, ...total, ...(before?.by ? { moved_by: before.by } : {}) }
  }
  const gaps: string[] = []
  let isStopped = false
  const end = async (state: TableResult['state'], fault?: string): Promise<TableResult> => {
    await client.query('UPDATE migration_tables SET state = $2, fault = $3 WHERE id = $1', [
      entry.id,
      state,
      fault ?? null,
    ])
    return { ...named, state, ...total, ...(fault === undefined ? {} : { fault }) }
  }
  try {
    const compiled = compileTable(table, source.columns, move.zone)
    const store: TableStore = {
      client,
      lanes: move.lanes,
      tableId: entry.id,
      compiled,
      plain:
        table.target === 'agent_metrics'
          ? plainTarget(table, sourceOf(source.columns), compiled.columns, compiled.rest, move.zone)
          : undefined,
      ids: new ReservedIds(client, compiled.target),
      reread: (first) => sourceRows(source, compiled, first, () => {}),
    }
    const rows = sourceRows(source, compiled, total.rows, (what) => gaps.push(what))
    const expected = source.count()
    const count = (moved: Moved) => {
      for (const name of Object.keys(total) as (keyof Moved)[]) total[name] += moved[name]
      move.progress?.({ ...named, rows: total.rows, expected })
    }
    isStopped = await moveRows(store, rows, Math.max(1, (expected ?? 1) - total.rows), count, move.stop)
  } catch (error) {
    if (connectionLost(error)) throw error
    return end('failed', error instanceof Error ? error.message : String(error))
  }
  if (isStopped) return { ...named, state: 'stopped', ...total }
  return gaps.length === 0 ? end('done') : end('failed', gaps.join('; '))
}

/** What Postgres itself says has an SQLSTATE; classes 08 and 57 are about the connection, and no fault of a table. */
function connectionLost(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  return /^(?:08|57|E)/.test(code) || (error instanceof Error && /connection|terminated/i.test(error.message))
}

type Entry = Moved & { id: string; state: TableResult['state'] | 'running' }

/**
 * The ledger's entry of a table: as far as this run has come, or that another one has moved the same content, under whatever
 * name.
 */
export async function tableEntry(
  move: Pick<TableMove, 'client' | 'fileId' | 'hash' | 'table' | 'isRetry'>,
  source: Pick<AnalysedTable, 'columns'>,
): Promise<Entry> {
  const { client, fileId, hash, table, isRetry } = move
  const columns = JSON.stringify(
    source.columns.map(({ name, declaredType, generated }) => ({ name, declaredType, generated })),
  )
  const [entry] = await rowsOf<Entry>(
    client,
    `INSERT INTO migration_tables AS t (file_id, name, state, plan, columns)
     SELECT $1, $2, CASE WHEN NOT $6 AND EXISTS (
       SELECT FROM migration_tables o JOIN migration_files f ON f.id = o.file_id JOIN migration_runs r ON r.id = f.run_id
       WHERE f.sha256 = $3 AND o.name = $2 AND ${holdsRows}
         AND r.id <> (SELECT run_id FROM migration_files WHERE id = $1)
     ) THEN 'moved before' ELSE 'running' END, $4, $5
     ON CONFLICT (file_id, name) DO UPDATE SET state = CASE WHEN t.state = 'failed' THEN 'running' ELSE t.state END
     RETURNING id, state, rows, migrated, legacy, rejected, target_rows`,
    [fileId, table.name, hash, JSON.stringify(table), columns, isRetry],
  )
  if (!entry) throw new Error('an upsert gave no row')
  return entry
}
