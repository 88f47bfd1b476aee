import type { DatabaseSync } from 'node:sqlite'
import { SourceFault } from './private-copy.ts'
import type { SourceRow, SqlValue } from './source-row.ts'
import { type ReplayTable, replayTables } from './tables.ts'

/** The ordinary tables of a database: views and virtual tables are never evaluated, SQLite's own are not counted. */
export function listTables(database: DatabaseSync): string[] {
  // as a statement: a table called pragma_table_list would hide the function
  return database
    .prepare('PRAGMA main.table_list')
    .all()
    .filter(({ schema, type }) => schema === 'main' && type === 'table')
    .map(({ name }) => String(name))
    .filter((name) => !name.startsWith('sqlite_'))
    .sort()
}

/** Says which columns a table lacks of those that its namesake has; other programs use the same names. */
export function checkColumns(database: DatabaseSync, table: ReplayTable): void {
  const found = new Set(
    database
      .prepare(`PRAGMA main.table_info("${table.name}")`)
      .all()
      .map((row) => String(row.name)),
  )
  const missing = table.columns.filter((column) => !found.has(column))
  if (missing.length > 0) {
    throw new SourceFault(
      `table ${table.name} is not the one of ${table.writtenBy}: it has no column ${missing.join(', ')}`,
    )
  }
}

export function countRows(database: DatabaseSync, table: ReplayTable): number {
  return Number(database.prepare(`SELECT count(*) AS n FROM "${table.name}"`).get()?.n)
}

/** Every row of a table in the order of its rowid. Text that is not UTF-8 comes as its bytes, so that nothing is lost. */
export function* readRows(database: DatabaseSync, table: ReplayTable, source: string): Generator<SourceRow> {
  const columns = table.columns.map((column) => `"${column}"`).join(', ')
  const all = database.prepare(`SELECT rowid AS "replay rowid", ${columns} FROM "${table.name}" ORDER BY rowid`)
  all.setReadBigInts(true)
  for (const { 'replay rowid': rowid, ...found } of all.iterate()) {
    const values: Record<string, SqlValue> = found
    for (const [column, value] of Object.entries(found)) {
      if (typeof value === 'string' && value.includes('\ufffd')) {
        values[column] = readExactly(database, table.name, column, rowid as bigint)
      }
    }
    yield { source, table: table.name, rowid: rowid as bigint, values }
  }
}

/** A text value that shows a replacement character: either it really holds one, or its bytes are not UTF-8. */
function readExactly(database: DatabaseSync, table: string, column: string, rowid: bigint): string | Uint8Array {
  const row = database.prepare(`SELECT CAST("${column}" AS BLOB) AS bytes FROM "${table}" WHERE rowid = ?`).get(rowid)
  const bytes = row?.bytes as Uint8Array
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes
  }
}

export type ChosenTables = { known: ReplayTable[]; others: string[] }

/** Which tables of a database replay can read, and which it leaves. Raises SourceFault when there is none. */
export function chooseTables(database: DatabaseSync, wanted: string | undefined): ChosenTables {
  const found = listTables(database)
  const known = replayTables.filter(({ name }) => found.includes(name) && (wanted === undefined || name === wanted))
  if (known.length === 0) {
    const names = wanted ?? replayTables.map(({ name }) => name).join(' or ')
    const instead = found.length === 0 ? 'it has no tables' : `it has ${found.join(', ')}`
    throw new SourceFault(`there is no table ${names} in it: ${instead}`)
  }
  return { known, others: found.filter((name) => !known.some((table) => table.name === name)) }
}
