import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { SqliteValue } from '../../value.ts'
import { doubtfulIn, exactText } from './exact-text.ts'

type Table = {
  name: string
  kind: string
  columns: readonly { name: string }[]
  primaryKey: readonly string[]
  withoutRowid: boolean
  /** The database's: UTF-8, UTF-16le or UTF-16be. */
  encoding: string
}

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * Every row of a table that can be read, in key order. Where a page is damaged, reading goes on from the other end down
 * to it, and `gap` hears what lies between. `key` hears the rowid of each row before the row comes, where it has one.
 */
export function* readRows(
  database: DatabaseSync,
  table: Table,
  gap: (what: string) => void,
  key: (rowid: bigint | undefined) => void = () => {},
): Generator<readonly SqliteValue[]> {
  const rowid = table.withoutRowid || table.kind === 'virtual' ? undefined : rowidName(table)
  const order = rowid ?? (table.withoutRowid ? table.primaryKey.map(quoteName).join(', ') : undefined)
  const columns = table.columns.map(({ name }) => quoteName(name))
  const types = columns.map((column) => `typeof(${column})`)
  const bytes = [...columns.map((column) => `CAST(${column} AS BLOB)`), ...types]
  const from = `FROM ${quoteName(table.name)}`
  // without a rowid there is no sure way back to a row: its bytes come along with it
  const select = `SELECT ${[...columns, ...(rowid === undefined ? bytes : []), rowid ?? 'NULL'].join(', ')} ${from}`
  const exact = `SELECT ${bytes.join(', ')} ${from}`
  const doubtful = doubtfulIn(table.encoding)
  let last: bigint | undefined
  let count = 0
  try {
    const statement = prepare(database, `${select}${order === undefined ? '' : ` ORDER BY ${order}`}`)
    for (const row of statement.iterate() as Iterable<unknown> as Iterable<SqliteValue[]>) {
      last = row.pop() as bigint
      const values = rowid === undefined ? row.slice(0, columns.length) : row
      if (isAnyDoubtful(values, doubtful)) {
        const readBytes = () =>
          rowid === undefined ? row.slice(columns.length) : exactRow(database, exact, rowid, last as bigint)
        readExactly(values, doubtful, table.encoding, readBytes)
      }
      key(rowid === undefined ? undefined : last)
      yield values
      count++
    }
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    if (rowid === undefined) return gap(`${what}: rows after the first ${count} cannot be read`)
    const next = yield* readBackwards(database, { select, exact, rowid, last, encoding: table.encoding, key })
    gap(`${what}: rows between rowid ${last ?? 'the first'} and ${next ?? 'the last'} cannot be read`)
  }
}

type Backwards = {
  select: string
  exact: string
  rowid: string
  last: bigint | undefined
  encoding: string
  key: (rowid: bigint | undefined) => void
}

/** Rows from the last one down to a damaged page; gives the rowid of the lowest one that could be read. */
function* readBackwards(
  database: DatabaseSync,
  { select, exact, rowid, last, encoding, key }: Backwards,
): Generator<readonly SqliteValue[], bigint | undefined> {
  const doubtful = doubtfulIn(encoding)
  let lowest: bigint | undefined
  try {
    const above = last === undefined ? '' : ` WHERE ${rowid} > ${last}`
    const statement = prepare(database, `${select}${above} ORDER BY ${rowid} DESC`)
    for (const row of statement.iterate() as Iterable<unknown> as Iterable<SqliteValue[]>) {
      const values = row
      lowest = values.pop() as bigint
      if (isAnyDoubtful(values, doubtful)) {
        readExactly(values, doubtful, encoding, () => exactRow(database, exact, rowid, lowest as bigint))
      }
      key(lowest)
      yield values
    }
  } catch {
    return lowest
  }
  return lowest
}

function prepare(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  statement.setReturnArrays(true)
  return statement
}

/** A rowid goes by three names, each of which may be taken by a column. */
function rowidName({ columns }: Table): string | undefined {
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

function readExactly(values: SqliteValue[], doubtful: RegExp, encoding: string, readBytes: () => SqliteValue[]): void {
  const bytes = readBytes()
  for (const [at, value] of values.entries()) {
    if (typeof value !== 'string' || !doubtful.test(value) || bytes[values.length + at] !== 'text') continue
    values[at] = exactText(bytes[at] as Uint8Array, encoding)
  }
}
