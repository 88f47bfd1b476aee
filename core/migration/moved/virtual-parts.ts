import type { DatabaseSync } from 'node:sqlite'
import { quoteName } from '../analyze/reading/read-rows.ts'
import { contentOf, virtualTable } from '../analyze/reading/virtual-tables.ts'
import { type Created, createTable } from './create-table.ts'

type Entry = { type: string; name: string; sql: string | null }

/** The virtual tables of which a run has moved the tables that they keep their rows and their index in. */
export function movedInParts(schema: readonly Entry[], movedShadows: readonly string[]): Set<string> {
  const parts = movedShadows.filter((shadow) => !isSettings(shadow))
  const virtual = schema.filter(({ sql, name }) => sql !== null && virtualTable(sql, name) !== undefined)
  return new Set(virtual.map(({ name }) => name).filter((name) => parts.some((part) => part.startsWith(`${name}_`))))
}

/** Of a table that is read as such they are all that is moved besides. */
const isSettings = (shadow: string) => shadow.endsWith('_config')

/** Makes a table; one whose parts were moved can do without what it cannot be made without. */
export function makeTable(database: DatabaseSync, { sql }: Entry, isInParts: boolean): Created | 'cannot be made here' {
  try {
    const created = createTable(database, sql ?? '')
    return created === 'module is missing' ? 'cannot be made here' : created
  } catch (error) {
    // its tokenizer may be only its own program's
    if (isInParts) return 'cannot be made here'
    throw error
  }
}

/** Makes the index of a full-text table whose rows are those of another table, which must be there with them. */
export function makeIndex(database: DatabaseSync, { name, sql }: Entry): void {
  const virtual = virtualTable(sql ?? '', name)
  if (virtual === undefined || !contentOf(virtual)) return
  const table = quoteName(name)
  database.exec(`INSERT INTO ${table} (${table}) VALUES ('rebuild')`)
}
