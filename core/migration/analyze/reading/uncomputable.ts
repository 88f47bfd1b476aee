import type { DatabaseSync } from 'node:sqlite'
import { isOfQuery } from './reached.ts'
import { quoteName } from './read-rows.ts'

/**
 * The generated columns of a table that cannot be computed here for every row, by name with the reason: they would hide the
 * others, and nothing of them is in the file. Those that are stored are read like any other.
 */
export function uncomputable(database: DatabaseSync, table: string): Map<string, string> {
  const names = database
    .prepare(`PRAGMA main.table_xinfo(${quoteName(table)})`)
    .all()
    .filter(({ hidden }) => hidden === 2)
    .map((column) => String(column.name))
    // without it the rowid would have its name
    .filter((name) => !/^(?:rowid|_rowid_|oid)$/i.test(name))
  const faultOf = (columns: readonly string[]) => {
    try {
      const counted = columns.map((column) => `count(${quoteName(column)})`)
      database.prepare(`SELECT ${counted.join(', ')} FROM ${quoteName(table)}`).get()
    } catch (error) {
      // what else is wrong is told when rows are read
      if (isOfQuery(error)) return error instanceof Error ? error.message : String(error)
    }
    return undefined
  }
  // all at once: mostly there is nothing to tell, and each time every row is read
  if (names.length === 0 || faultOf(names) === undefined) return new Map()
  return new Map(
    names.flatMap((name) => {
      const fault = faultOf([name])
      return fault === undefined ? [] : [[name, fault]]
    }),
  )
}
