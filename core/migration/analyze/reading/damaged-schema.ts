import type { DatabaseSync } from 'node:sqlite'
import { quoteName } from './read-rows.ts'

/**
 * Reads the schema of a database, passing over entries that are damaged: what the others are of can be read. Nothing becomes
 * writable by it. Throws what is wrong with all of it, and where an entry may be of rows that no table would be known of.
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
  damagedTables(database)
}

type Entry = { type: string; name: string; table: string; root: string | null; sql: string | null; isPlain: number }

/**
 * The tables that the schema names and SQLite does not know: their entries are damaged. Every entry is accounted for, one by
 * one: throws where one may be of a table and does not say which.
 */
export function damagedTables(database: DatabaseSync): string[] {
  const known = knownTables(database)
  const indexes = knownIndexes(database, known)
  const entries = readEntries(database)
  // triggers have names of their own
  const others = entries.filter(({ type }) => type !== 'trigger')
  const names = Map.groupBy(others, ({ name }) => sameName(name))
  const roots = new Set<string>()
  const damaged: string[] = []
  const lostIndexes: Entry[] = []
  for (const entry of entries) {
    const { type, name, root, sql, isPlain } = entry
    const hasNoPages = root === '0' || root === null
    const key = sameName(name)
    const kind = known.get(key)
    // two of one page: the rows of one of them are elsewhere
    if (isPlain !== 1 || (!hasNoPages && roots.has(root))) throw unclear(name)
    if (!hasNoPages) roots.add(root)
    if ((type === 'view' || type === 'trigger') && hasNoPages && !isTable(sql)) {
      if (type === 'view' && kind === 'view') known.delete(key)
    } else if (type === 'table' && kind !== undefined && kind !== 'view' && (kind !== 'virtual' || hasNoPages)) {
      known.delete(key)
    } else if (type === 'table' && isName(name) && names.get(key)?.length === 1) {
      damaged.push(name)
    } else if (type === 'index') {
      if (!indexes.delete(key)) lostIndexes.push(entry)
    } else throw unclear(name)
  }
  const lost = new Set(damaged.map(sameName))
  for (const { name, table, sql } of lostIndexes) {
    const isOfLost = /^sqlite_autoindex_/i.test(name) && lost.has(sameName(table))
    if (sql === null ? !isOfLost : !isIndex(sql)) throw unclear(name)
  }
  for (const name of known.keys()) throw unclear(name)
  return damaged.sort()
}

/** As strings, whatever they are: numbers may be larger than those of JavaScript. */
function readEntries(database: DatabaseSync): Entry[] {
  return database
    .prepare(
      `SELECT ifnull(CAST(type AS TEXT), '') AS type, ifnull(CAST(name AS TEXT), '') AS name,
         ifnull(CAST(tbl_name AS TEXT), '') AS "table", CAST(rootpage AS TEXT) AS root, CAST(sql AS TEXT) AS sql,
         typeof(type) = 'text' AND typeof(name) = 'text' AND typeof(tbl_name) = 'text'
           AND typeof(rootpage) IN ('integer', 'null') AND typeof(sql) IN ('text', 'null') AS isPlain
       FROM main.sqlite_schema ORDER BY rowid`,
    )
    .all() as Entry[]
}

/** What SQLite knows by which names, and as what: a table, a virtual one, one of its own, or a view. */
function knownTables(database: DatabaseSync): Map<string, string> {
  const listed = database.prepare('PRAGMA main.table_list').all()
  return new Map(
    listed
      .filter(({ schema, name }) => schema === 'main' && name !== 'sqlite_schema')
      .map(({ name, type }) => [sameName(String(name)), String(type)]),
  )
}

function knownIndexes(database: DatabaseSync, tables: ReadonlyMap<string, string>): Set<string> {
  const withIndexes = [...tables].filter(([_, type]) => type === 'table' || type === 'shadow')
  return new Set(
    withIndexes.flatMap(([name]) =>
      database
        .prepare(`PRAGMA main.index_list(${quoteName(name)})`)
        .all()
        .map((index) => sameName(String(index.name))),
    ),
  )
}

/** Whether a table of data may be called so. */
const isName = (name: string) => name !== '' && !name.includes('\0') && !/^sqlite_/i.test(name)

const isTable = (sql: string | null) => sql !== null && /^create\s+(?:virtual\s+)?table\b/i.test(sql)

const isIndex = (sql: string) => /^create\s+(?:unique\s+)?index\b/i.test(sql)

/** SQLite tells names apart by all but the case of A to Z. */
const sameName = (name: string) => name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** As SQLite says it of a schema that it does not read, which shows names up to a NUL. */
const unclear = (name: string) =>
  new Error(`malformed database schema (${name.split('\0', 1)[0] || '?'}): nobody can tell what rows it is of`)
