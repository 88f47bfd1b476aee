import type { DatabaseSync } from 'node:sqlite'

/**
 * Reads the schema of a database, passing over entries that are damaged: what the others are of can be read. Nothing becomes
 * writable by it. Throws what is wrong with all of it.
 */
export function readSchema(database: DatabaseSync): void {
  const statement = 'SELECT count(*) FROM sqlite_schema'
  try {
    database.prepare(statement).get()
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('malformed database schema'))) throw error
    // https://sqlite.org/pragma.html#pragma_writable_schema; what is defensive heeds it, and refuses to be told
    database.enableDefensive(false)
    database.exec('PRAGMA writable_schema = ON')
    database.enableDefensive(true)
    database.prepare(statement).get()
  }
}

/** The tables that the schema names and SQLite does not know: their entries are damaged. */
export function unknownTables(database: DatabaseSync, known: ReadonlySet<string>): string[] {
  return database
    .prepare(
      "SELECT DISTINCT name FROM main.sqlite_schema WHERE type = 'table' AND typeof(name) = 'text' ORDER BY name",
    )
    .all()
    .map(({ name }) => String(name))
    .filter((name) => !known.has(name) && !name.startsWith('sqlite_'))
}
