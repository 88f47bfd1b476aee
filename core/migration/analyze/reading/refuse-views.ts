import { constants, type DatabaseSync } from 'node:sqlite'

const refusing = new WeakSet<DatabaseSync>()

/** Has SQLite refuse whatever would evaluate a view, also one that a module reads: it may have no end. */
export function refuseViews(database: DatabaseSync): void {
  refusing.add(database)
  database.setAuthorizer((_action, _one, _other, _schema, view) =>
    view === null ? constants.SQLITE_OK : constants.SQLITE_DENY,
  )
}

/** Ends another authorizer of a database. */
export function authorizeAsBefore(database: DatabaseSync): void {
  if (refusing.has(database)) refuseViews(database)
  else database.setAuthorizer(null)
}
