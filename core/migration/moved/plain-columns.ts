import { DatabaseSync } from 'node:sqlite'
import { quoteName } from '../analyze/reading/read-rows.ts'
import { runCreate } from './create-statement.ts'
import { createTable, standIn } from './create-table.ts'

/** A table that was made of plain columns, in which what is stored is the same as in one with generated columns. */
export type Plain = {
  columns: string[]
  /** A column of its keys of which nothing is stored: without it the table cannot have its definition back. */
  lacks: string | undefined
  /** Whether its keys have columns of which nothing is stored and which can be computed: they are empty until a REINDEX. */
  isToReindex: boolean
}

/** Makes a table anew whose generated columns cannot be computed here, for now as one of plain columns with the same keys. */
export function makePlain(
  database: DatabaseSync,
  name: string,
  withoutRowid: boolean,
  moved: readonly { name: string }[],
): Plain {
  const table = quoteName(name)
  const columns = database.prepare(`PRAGMA table_xinfo(${table})`).all()
  // virtual ones are nowhere in the file
  const stored = columns.filter(({ hidden }) => hidden !== 2).map((column) => String(column.name))
  // those that were moved can be computed
  const computed = columns
    .filter((column) => column.hidden === 2 && moved.some((one) => one.name === column.name))
    .map((column) => String(column.name))
  const { keys, lacks } = keysOf(database, name, new Set([...stored, ...computed]))
  const isInKeys = (column: string) => keys.some((key) => key.columns.includes(column))
  const rowid = columns.find(({ pk }) => pk !== 0)
  const isAlias = (column: string) =>
    column === rowid?.name && !withoutRowid && !keys.some(({ origin }) => origin === 'pk')
  const defined = [
    // without affinity each value stays what it is
    ...stored.map((column) => `${quoteName(column)} ${isAlias(column) ? 'INTEGER PRIMARY KEY' : 'BLOB'}`),
    ...computed.filter(isInKeys).map((column) => `${quoteName(column)} AS (NULL)`),
    ...keys.map(({ origin, parts }) => `${origin === 'pk' ? 'PRIMARY KEY' : 'UNIQUE'} (${parts})`),
  ]
  const ending = withoutRowid ? 'WITHOUT ROWID' : ''
  database.exec(`DROP TABLE ${table}; CREATE TABLE ${table} (${defined.join(', ')}) ${ending}`)
  return { columns: stored, lacks, isToReindex: computed.some(isInKeys) }
}

/** The keys of a table in the order of the indexes that SQLite makes for them, which have their names by it. */
function keysOf(database: DatabaseSync, name: string, there: ReadonlySet<string>) {
  const place = (index: string) => Number(/\d+$/.exec(index)?.[0])
  const indexes = database
    .prepare(`PRAGMA index_list(${quoteName(name)})`)
    .all()
    .filter(({ origin }) => origin !== 'c')
    .sort((one, other) => place(String(one.name)) - place(String(other.name)))
  let lacks: string | undefined
  const keys = indexes.flatMap(({ name: index, origin }) => {
    const columns = database
      .prepare(`PRAGMA index_xinfo(${quoteName(String(index))})`)
      .all()
      .filter(({ key }) => key === 1)
    const missing = columns.find((column) => !there.has(String(column.name)))
    lacks ??= missing && String(missing.name)
    const parts = columns.map(
      (column) =>
        `${quoteName(String(column.name))} COLLATE ${quoteName(String(column.coll))} ${column.desc === 1 ? 'DESC' : 'ASC'}`,
    )
    const names = columns.map((column) => String(column.name))
    return missing ? [] : [{ origin, columns: names, parts: parts.join(', ') }]
  })
  return { keys, lacks }
}

export const hasGenerated = (database: DatabaseSync, name: string): boolean =>
  database
    .prepare(`PRAGMA table_xinfo(${quoteName(name)})`)
    .all()
    .some(({ hidden }) => hidden !== 0)

/** Whether a table has columns that its source could not compute either, which is why they were not moved. */
export function hasUnmoved(database: DatabaseSync, name: string, moved: readonly { name: string }[]): boolean {
  const names = new Set(moved.map((column) => column.name))
  return database
    .prepare(`PRAGMA table_xinfo(${quoteName(name)})`)
    .all()
    .some((column) => column.hidden === 2 && !names.has(String(column.name)))
}

/** Whether writing a row of a table calls functions that are not here; here is whatever another table was given. */
export function callsMissing(name: string, sql: string): boolean {
  const alone = new DatabaseSync(':memory:', { enableDoubleQuotedStringLiterals: true })
  try {
    alone.exec('PRAGMA ignore_check_constraints = ON')
    const created = createTable(alone, sql)
    if (created === 'module is missing' || created.functions.length === 0) return false
    const steps = alone.prepare(`EXPLAIN INSERT INTO ${quoteName(name)} DEFAULT VALUES`).all()
    const calls = steps.filter(({ opcode }) => /Func/.test(String(opcode))).map(({ p4 }) => String(p4).toLowerCase())
    return created.functions.some((one) => calls.some((call) => call.startsWith(`${one.toLowerCase()}(`)))
  } finally {
    alone.close()
  }
}

/**
 * Makes indexes on tables that have their definitions back: opened anew, the file has them as they say, with the affinities
 * and collations of their columns. The keys of some are made anew too. Gives what could not be made.
 */
export function indexAnew(
  file: string,
  indexes: readonly { name: string; sql: string }[],
  functions: readonly string[],
  reindexed: readonly string[],
): string[] {
  const database = new DatabaseSync(file, {
    enableForeignKeyConstraints: false,
    enableDoubleQuotedStringLiterals: true,
  })
  const faults: string[] = []
  try {
    database.exec('PRAGMA journal_mode = OFF')
    for (const name of functions) standIn(database, name)
    for (const name of reindexed) {
      try {
        database.exec(`REINDEX main.${quoteName(name)}`)
      } catch (error) {
        faults.push(
          `${name}: its keys are empty until a REINDEX: ${error instanceof Error ? error.message : String(error)}`,
        )
      }
    }
    for (const { name, sql } of indexes) {
      try {
        runCreate(database, 'index', sql)
      } catch (error) {
        faults.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  } finally {
    database.close()
  }
  return faults
}
