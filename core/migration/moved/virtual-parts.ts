import type { DatabaseSync } from 'node:sqlite'
import { quoteName } from '../analyze/reading/read-rows.ts'
import { fold, isFullText, isPartOf, partColumns, virtualTable } from '../analyze/reading/virtual-tables.ts'
import { type Created, createTable } from './create-table.ts'

type Entry = { type: string; name: string; sql: string | null }

/** The virtual tables of which a run has moved the tables that they keep their rows and their index in. */
export function movedInParts(schema: readonly Entry[], movedShadows: readonly string[]): Set<string> {
  const virtual = schema.filter(({ sql, name }) => sql !== null && virtualTable(sql, name) !== undefined)
  return new Set(
    virtual
      .map(({ name }) => name)
      .filter((name) => movedShadows.some((shadow) => isPartOf(shadow, name) && !isSettings(shadow, name))),
  )
}

/** Of a table that is read as such they are all that is moved besides. */
const isSettings = (shadow: string, name: string) => fold(shadow) === fold(`${name}_config`)

/**
 * Makes a table; one whose parts were moved can do without what it cannot be made without. `report` hears why, but for a
 * tokenizer that is not there.
 */
export function makeTable(
  database: DatabaseSync,
  { name, sql }: Entry,
  isInParts: boolean,
  report: (fault: string) => void,
): Created | 'cannot be made here' {
  try {
    const created = createTable(database, sql ?? '')
    return created === 'module is missing' ? 'cannot be made here' : created
  } catch (error) {
    if (!isInParts) throw error
    const message = error instanceof Error ? error.message : String(error)
    // it may be only its own program's
    if (!/tokenizer/i.test(message)) report(`${name}: ${message}`)
    return 'cannot be made here'
  }
}

/** Makes the index of a full-text table whose rows are those of another table, which must be there with them. */
export function makeIndex(database: DatabaseSync, { name, sql }: Entry): void {
  // what keeps its rows itself was not moved, and has none to make an index of
  if (!isFullText(virtualTable(sql ?? '', name)?.module) || partColumns(database, name, 'content').size > 0) return
  const table = quoteName(name)
  database.exec(`INSERT INTO ${table} (${table}) VALUES ('rebuild')`)
}
