import type { DatabaseSync } from 'node:sqlite'
import { quoteName } from './read-rows.ts'

/** Modules whose tables hold nothing of their own (https://sqlite.org/fts5.html, section 9; fts3.html, section 5). */
export const derivedModules: ReadonlySet<string> = new Set(['fts5vocab', 'fts4aux', 'fts3tokenize', 'dbstat'])

/** Whether a module's tables have rowids that are given to them: those of others are columns, or none. */
export const isFullText = (module: string | undefined): boolean => module !== undefined && /^fts[345]$/.test(module)

export type VirtualTable = {
  name: string
  /** In small letters. */
  module: string
}

/** The tables of its own that a virtual table keeps its rows and its index in, by the ends of their names. */
export const parts = [
  'data',
  'idx',
  'content',
  'docsize',
  'config',
  'segments',
  'segdir',
  'stat',
  'node',
  'rowid',
  'parent',
]

/** Whether a table is called like one that a virtual table keeps its rows or its index in. */
export const isPartOf = (part: string, name: string): boolean =>
  parts.some((end) => fold(part) === fold(`${name}_${end}`))

/** Names are the same to SQLite but for the case of letters of ASCII. */
export const fold = (name: string): string => name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** The virtual tables of a database by their names. */
export function readVirtualTables(database: DatabaseSync): Map<string, VirtualTable> {
  const rows = database.prepare("SELECT name, sql FROM main.sqlite_schema WHERE type = 'table'").all()
  return new Map(
    rows.flatMap(({ name, sql }) => {
      const table = virtualTable(String(sql), String(name))
      return table === undefined ? [] : [[table.name, table] as const]
    }),
  )
}

const gap = String.raw`(?:\s|--[^\n]*(?:\n|$)|/\*[\s\S]*?(?:\*/|$))`
const name = String.raw`("(?:[^"]|"")*"|'(?:[^']|'')*'|${'`(?:[^`]|``)*`'}|\[[^\]]*\]|[\w$\x80-\uffff]+)`
const statement = new RegExp(
  `^${gap}*CREATE${gap}+VIRTUAL${gap}+TABLE${gap}*(?:IF${gap}+NOT${gap}+EXISTS${gap}*)?` +
    `${name}${gap}*(?:\\.${gap}*${name}${gap}*)?USING${gap}*${name}`,
  'i',
)

/** The table that a statement makes under that name; undefined where it makes no virtual one. */
export function virtualTable(sql: string, name: string): VirtualTable | undefined {
  const module = statement.exec(sql)?.[3]
  if (module === undefined) return undefined
  return { name, module: (/^\w/.test(module) ? module : module.slice(1, -1)).toLowerCase() }
}

/** The columns of a table that a virtual one keeps its rows or its index in; none where there is none. */
export function partColumns(database: DatabaseSync, name: string, part: string): Set<string> {
  try {
    const columns = database.prepare(`PRAGMA main.table_xinfo(${quoteName(`${name}_${part}`)})`).all()
    return new Set(columns.map((column) => String(column.name)))
  } catch {
    // a view that is called so may show what is not there
    return new Set()
  }
}

/** Whether the last hidden column of a full-text table is its rows' language (https://sqlite.org/fts3.html, section 6.5). */
export const hasLanguages = (database: DatabaseSync, { name, module }: VirtualTable): boolean =>
  module === 'fts4' && partColumns(database, name, 'content').has('langid')
