import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Omitted, type SqliteValue } from '../../value.ts'
import type { AnalysedRow } from '../source.ts'
import { doubtfulIn, exactText } from './exact-text.ts'
import { Irregular } from './page-file.ts'
import type { StoredRecord } from './stored-record.ts'
import type { StoredTable } from './stored-table.ts'
import { tableRecords } from './table-tree.ts'

type Table = {
  name: string
  hasRowid: boolean
  columns: readonly { name: string }[]
  primaryKey: readonly string[]
  withoutRowid: boolean
  /** The database's: UTF-8, UTF-16le or UTF-16be. */
  encoding: string
  /** Values of more bytes are not read. */
  largest: number
  /** Where its rows are in the file, if they can be read there; undefined where SQLite has to. */
  stored: StoredTable | undefined
}

/** Bytes of a value that is gone once the next row is asked for. */
const largestKept = 8 * 1_048_576
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Bytes of a row that is put together without SQLite. */
const largestRecord = 1_048_576

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * Every row of a table that can be read, in key order. Where a page is damaged, reading goes on from the other end down
 * to it, and `gap` hears what lies between.
 */
export function* readRows(database: DatabaseSync, table: Table, gap: (what: string) => void): Generator<AnalysedRow> {
  const { stored, largest } = table
  const read = { rows: 0 }
  try {
    for (const records of stored ? tableRecords(stored, Math.min(largest, largestRecord)) : []) {
      for (let i = 0; i < records.length; i++) {
        yield records[i] as StoredRecord
        read.rows++
      }
    }
    if (stored) return
  } catch (error) {
    // whatever it was: SQLite has the last word, from the row on that comes next
    if (!(error instanceof Irregular) && !isOfTheSystem(error)) throw error
  }
  try {
    yield* scan(database, table, read, gap, !table.hasRowid || rowidName(table.columns) === undefined)
  } catch (error) {
    if (!(error instanceof NotFound)) throw error
    yield* scan(database, table, read, gap, true)
  }
}

/** A row that was just read is not where its rowid should lead: the tree is not in order. */
class NotFound extends Error {
  override readonly name = 'NotFound'
}

/**
 * Rows by SQLite, but for the first ones that were read before, and counts them. Text that is not valid is read once more as
 * bytes by its rowid, unless bytes come along with each row. Raises NotFound.
 */
function* scan(
  database: DatabaseSync,
  table: Table,
  read: { rows: number },
  gap: (what: string) => void,
  bytesAlong: boolean,
): Generator<AnalysedRow> {
  const rowid = table.hasRowid ? rowidName(table.columns) : undefined
  const order = rowid ?? (table.withoutRowid ? table.primaryKey.map(quoteName).join(', ') : undefined)
  const { select, valuesOf } = selection(database, table, rowid, bytesAlong)
  let passed = 0
  let last: bigint | undefined
  try {
    const statement = prepare(database, `${select}${order === undefined ? '' : ` ORDER BY ${order}`}`)
    for (const row of statement.iterate() as Iterable<unknown> as Iterable<SqliteValue[]>) {
      last = row.pop() as bigint
      if (passed++ < read.rows) continue
      const values = valuesOf(row, last)
      yield { rowid: rowid === undefined ? undefined : last, values }
      release(values)
      read.rows++
    }
  } catch (error) {
    if (error instanceof NotFound) throw error
    const what = error instanceof Error ? error.message : String(error)
    if (rowid === undefined) return gap(`${what}: rows after the first ${read.rows} cannot be read`)
    const above = last === undefined ? '' : ` WHERE ${rowid} > ${last}`
    const safe = selection(database, table, rowid, true)
    const backwards = () => prepare(database, `${safe.select}${above} ORDER BY ${rowid} DESC`)
    const next = yield* readBackwards(backwards, safe.valuesOf)
    gap(`${what}: rows between rowid ${last ?? 'the first'} and ${next ?? 'the last'} cannot be read`)
  }
}

/** What is selected of a row, the rowid last, and what its values are. */
function selection(database: DatabaseSync, table: Table, rowid: string | undefined, bytesAlong: boolean) {
  const names = table.columns.map(({ name }) => quoteName(name))
  const isGuarded = mayHoldLarger(database, table)
  const guard = (column: string, read: string) =>
    isGuarded ? `CASE WHEN octet_length(${column}) > ${table.largest} THEN NULL ELSE ${read} END` : read
  const columns = names.map((column) => guard(column, column))
  const bytes = [
    ...names.map((column) => guard(column, `CAST(${column} AS BLOB)`)),
    ...names.map((column) => `typeof(${column})`),
  ]
  const sizes = names.map(
    (column) =>
      `CASE WHEN octet_length(${column}) > ${table.largest} THEN typeof(${column}) || ' ' || octet_length(${column}) END`,
  )
  const from = `FROM ${quoteName(table.name)}`
  const along = [...(bytesAlong ? bytes : []), ...(isGuarded ? sizes : [])]
  const exact = `SELECT ${bytes.join(', ')} ${from}`
  const doubtful = doubtfulIn(table.encoding)
  return {
    select: `SELECT ${[...columns, ...along, rowid ?? 'NULL'].join(', ')} ${from}`,
    valuesOf(row: SqliteValue[], key: bigint): SqliteValue[] {
      const values = along.length === 0 ? row : row.slice(0, columns.length)
      if (isAnyDoubtful(values, doubtful)) {
        const read = bytesAlong ? row.slice(columns.length) : exactRow(database, exact, rowid ?? '', key)
        readExactly(values, doubtful, table.encoding, read)
      }
      if (isGuarded) markOmitted(values, row.slice(-columns.length))
      return values
    },
  }
}

const isOfTheSystem = (error: unknown) => error instanceof Error && 'syscall' in error

/** Rows from the last one down to a damaged page; gives the rowid of the lowest one that could be read. */
function* readBackwards(
  statement: () => StatementSync,
  valuesOf: (row: SqliteValue[], rowid: bigint) => SqliteValue[],
): Generator<AnalysedRow, bigint | undefined> {
  let lowest: bigint | undefined
  try {
    // a damaged schema may have names that no statement can say
    for (const row of statement().iterate() as Iterable<unknown> as Iterable<SqliteValue[]>) {
      lowest = row.pop() as bigint
      const values = valuesOf(row, lowest)
      yield { rowid: lowest, values }
      release(values)
    }
  } catch {
    return lowest
  }
  return lowest
}

/** Gives the memory of large values back before the next ones are read, and not when it pleases the garbage collector. */
function release(values: readonly SqliteValue[]): void {
  for (const value of values) {
    if (value instanceof Uint8Array && value.byteLength > largestKept) (value.buffer as ArrayBuffer).transfer(0)
  }
}

/** Whether a row may have a value that is too large: to look at each one's size takes time that small files need not. */
function mayHoldLarger(database: DatabaseSync, { name, columns, largest }: Table): boolean {
  const pragma = (what: string) => Number(Object.values(database.prepare(`PRAGMA ${what}`).get() ?? {})[0])
  if (pragma('page_count') * pragma('page_size') <= largest || columns.length === 0) return false
  const isLarger = columns.map((column) => `octet_length(${quoteName(column.name)}) > ${largest}`).join(' OR ')
  try {
    return database.prepare(`SELECT 1 FROM ${quoteName(name)} WHERE ${isLarger} LIMIT 1`).get() !== undefined
  } catch {
    return true
  }
}

function markOmitted(values: SqliteValue[], sizes: readonly SqliteValue[]): void {
  for (const [at, size] of sizes.entries()) {
    if (typeof size !== 'string') continue
    const [storage, bytes] = size.split(' ')
    values[at] = new Omitted(storage === 'text' ? 'text' : 'blob', Number(bytes))
  }
}

function prepare(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  statement.setReturnArrays(true)
  return statement
}

/** A rowid goes by three names, each of which may be taken by a column. */
export function rowidName(columns: readonly { name: string }[]): string | undefined {
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()))
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name))
}

function exactRow(database: DatabaseSync, exact: string, rowid: string, key: bigint): SqliteValue[] {
  return (prepare(database, `${exact} WHERE ${rowid} = ${key}`).get() ?? []) as unknown as SqliteValue[]
}

function isAnyDoubtful(values: readonly SqliteValue[], doubtful: RegExp): boolean {
  for (let at = 0; at < values.length; at++) {
    const value = values[at]
    if (typeof value === 'string' && doubtful.test(value)) return true
  }
  return false
}

/** Raises NotFound where the bytes are those of another row. */
function readExactly(values: SqliteValue[], doubtful: RegExp, encoding: string, bytes: readonly SqliteValue[]): void {
  for (const [at, value] of values.entries()) {
    if (typeof value !== 'string' || !doubtful.test(value)) continue
    const exact = bytes[at]
    if (bytes[values.length + at] !== 'text' || !(exact instanceof Uint8Array)) throw new NotFound()
    if (encoding === 'UTF-8' && lenientUtf8.decode(exact) !== value) throw new NotFound()
    values[at] = exactText(exact, encoding)
  }
}
