import { constants, type DatabaseSync } from 'node:sqlite'
import { authorizeAsBefore } from './refuse-views.ts'

/** What came of a query. */
export type Reached = {
  /** The tables that it read, by their names, also those behind a virtual one. */
  tables: Set<string>
  /** Whether it would have evaluated a view: then it was not carried out. */
  isOfView: boolean
  /** Why it cannot be carried out here. Damage, and a system that cannot read, do not say that. */
  fault?: string
  row?: Record<string, unknown> | undefined
}

/** Asks for the first row of a query. SQLite says what is read for it; no view is evaluated. */
export function reach(database: DatabaseSync, sql: string, kinds: ReadonlyMap<string, string>): Reached {
  const reached: Reached = { tables: new Set(), isOfView: false }
  // makes SQLite compile its statements again, also those that a module has kept
  database.setAuthorizer((action, table, _column, _schema, view) => {
    if (action === constants.SQLITE_READ && table !== null) reached.tables.add(table)
    if (view === null && (table === null || kinds.get(table) !== 'view')) return constants.SQLITE_OK
    reached.isOfView = true
    return constants.SQLITE_DENY
  })
  try {
    reached.row = database.prepare(sql).get()
  } catch (error) {
    if (isOfQuery(error) && !reached.isOfView) reached.fault = error instanceof Error ? error.message : String(error)
  } finally {
    authorizeAsBefore(database)
  }
  return reached
}

/** SQLITE_ERROR, or SQLITE_TOOBIG: the query is at fault, neither the file nor the system that it is read by. */
export const isOfQuery = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'errcode' in error && [1, 18].includes(Number(error.errcode) & 0xff)
