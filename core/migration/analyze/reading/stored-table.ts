import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { affinityOf } from '../../convert/affinity.ts'
import type { AnalysedColumn } from '../source.ts'
import { quoteName, rowidName } from './read-rows.ts'
import type { RecordShape } from './stored-record.ts'

/** Where a table's rows are in its file. */
export type StoredTable = { path: string; root: number; shape: RecordShape }

/**
 * Where a table with a rowid of a UTF-8 database has its rows, if they are all in a file to which nobody writes; undefined
 * where a log or SQLite itself has a part of what is in them.
 */
export function storedTable(
  database: DatabaseSync,
  name: string,
  columns: readonly AnalysedColumn[],
): StoredTable | undefined {
  if (columns.length === 0 || columns.some(({ generated }) => generated)) return undefined
  // rows that cannot be asked for in order are SQLite's alone: it would not go on where another stopped
  if (rowidName(columns) === undefined) return undefined
  const [isReadOnly] = Object.values(database.prepare('PRAGMA query_only').get() ?? {})
  const path = database.location()
  if (isReadOnly !== 1 || path === null || hasLog(path)) return undefined
  const roots = database
    .prepare(`SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?`)
    .all(name)
    .map(({ rootpage }) => Number(rootpage))
  const [root] = roots
  if (root === undefined || roots.length !== 1) return undefined
  const reals = columns.map(({ declaredType }) => affinityOf(declaredType) === 'REAL')
  return { path, root, shape: { columns: columns.length, rowidAlias: rowidAlias(database, name, columns), reals } }
}

const hasLog = (path: string) =>
  ['-wal', '-journal'].some((suffix) => (statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0) > 0)

/** A primary key of one column is another name of the rowid where it has no index of its own. */
function rowidAlias(database: DatabaseSync, name: string, columns: readonly AnalysedColumn[]): number {
  const keys = columns.filter(({ primaryKey }) => primaryKey > 0)
  const indexes = database.prepare(`PRAGMA main.index_list(${quoteName(name)})`).all()
  if (keys.length !== 1 || indexes.some(({ origin }) => origin === 'pk')) return -1
  return columns.findIndex(({ primaryKey }) => primaryKey > 0)
}
