import type { DatabaseSync } from 'node:sqlite'
import { quoteName } from './read-rows.ts'

/**
 * The generated columns of a table that cannot be computed here for every row, by name with the reason: they would hide the
 * others, and nothing of them is in the file. Those that are stored are read like any other.
 */
export function uncomputable(database: DatabaseSync, table: string): Map<string, string> {
  const found = new Map<string, string>()
  const columns = database.prepare(`PRAGMA main.table_xinfo(${quoteName(table)})`).all()
  for (const column of columns) {
    const name = String(column.name)
    // without it the rowid would have its name
    if (column.hidden !== 2 || /^(?:rowid|_rowid_|oid)$/i.test(name)) continue
    try {
      database.prepare(`SELECT count(${quoteName(name)}) FROM ${quoteName(table)}`).get()
    } catch (error) {
      if (!isDamage(error)) found.set(name, error instanceof Error ? error.message : String(error))
    }
  }
  return found
}

/** A page that is damaged: SQLITE_CORRUPT, in whichever of its forms. */
const isDamage = (error: unknown) =>
  typeof error === 'object' && error !== null && 'errcode' in error && (Number(error.errcode) & 0xff) === 11
