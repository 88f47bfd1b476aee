import type { DatabaseSync } from 'node:sqlite'
import { quoteName } from '../analyze/reading/read-rows.ts'
import { hasKeys } from './create-table.ts'

/**
 * Makes a table anew whose generated columns cannot be computed here, for now as one of plain columns: what is stored of the
 * others is the same. Gives them; undefined, and the table stays as it is, where its keys may be on those columns, or where it
 * has none.
 */
export function makePlain(database: DatabaseSync, name: string, withoutRowid: boolean): string[] | undefined {
  const table = quoteName(name)
  const columns = database.prepare(`PRAGMA table_xinfo(${table})`).all()
  if (withoutRowid || hasKeys(database, name) || columns.every(({ hidden }) => hidden === 0)) return undefined
  // virtual ones are nowhere in the file
  const stored = columns.filter(({ hidden }) => hidden !== 2)
  // without affinity each value stays what it is
  const defined = stored.map(
    (column) => `${quoteName(String(column.name))} ${column.pk === 0 ? 'BLOB' : 'INTEGER PRIMARY KEY'}`,
  )
  database.exec(`DROP TABLE ${table}; CREATE TABLE ${table} (${defined.join(', ')})`)
  return stored.map((column) => String(column.name))
}

/** Whether a table has columns that its source could not compute either, which is why they were not moved. */
export function hasUnmoved(database: DatabaseSync, name: string, moved: readonly { name: string }[]): boolean {
  const names = new Set(moved.map((column) => column.name))
  return database
    .prepare(`PRAGMA table_xinfo(${quoteName(name)})`)
    .all()
    .some((column) => column.hidden === 2 && !names.has(String(column.name)))
}
