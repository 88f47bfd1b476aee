import type { DatabaseSync } from 'node:sqlite'

/** Modules whose tables hold nothing of their own (https://sqlite.org/fts5.html, section 9; fts3.html, section 5). */
export const derivedModules: ReadonlySet<string> = new Set(['fts5vocab', 'fts4aux', 'fts3tokenize', 'dbstat'])

/** Whether a module's tables have rowids that are given to them: those of others are columns, or none. */
export const isFullText = (module: string | undefined): boolean => module !== undefined && /^fts[345]$/.test(module)

/** What tables a full-text table keeps its index in. */
const indexParts = ['data', 'idx', 'content', 'docsize', 'config', 'segments', 'segdir', 'stat']

/** Full-text tables without content: nothing but their index has the words (https://sqlite.org/fts5.html, section 4.4.1). */
export function readContentless(database: DatabaseSync): Set<string> {
  const rows = database.prepare("SELECT name, sql FROM main.sqlite_schema WHERE type = 'table'").all()
  const found = rows.filter(
    ({ name, sql }) => isFullText(moduleOf(String(sql), String(name))) && withoutContent.test(String(sql)),
  )
  return new Set(found.map(({ name }) => String(name)))
}

const withoutContent = /[(,]\s*content\s*=\s*(?:''|""|``|\[\])\s*[,)]/i

/** Whether a shadow table is a part of the index of a table without content, and so the only one that has its rows. */
export const isOnlyIndex = (shadow: string, contentless: ReadonlySet<string>): boolean =>
  indexParts.some((part) => shadow.endsWith(`_${part}`) && contentless.has(shadow.slice(0, -part.length - 1)))

/** The module of each virtual table, in small letters. */
export function readModules(database: DatabaseSync): Map<string, string> {
  const rows = database.prepare("SELECT name, sql FROM main.sqlite_schema WHERE type = 'table'").all()
  return new Map(
    rows.flatMap(({ name, sql }) => {
      const module = moduleOf(String(sql), String(name))
      return module === undefined ? [] : [[String(name), module] as const]
    }),
  )
}

/** The module that a statement makes a table of that name with; undefined where it makes no virtual one. */
export function moduleOf(sql: string, name: string): string | undefined {
  const start = /^\s*CREATE\s+VIRTUAL\s+TABLE\b/i.exec(sql)
  if (!start) return undefined
  // the name itself may say anything
  const behind = sql.slice(Math.max(start[0].length, sql.indexOf(name) + name.length))
  return /\bUSING\s+["'`[]?(\w+)/i.exec(behind)?.[1]?.toLowerCase()
}
