import type { DatabaseSync } from 'node:sqlite'

/** Modules whose tables hold nothing of their own (https://sqlite.org/fts5.html, section 9; fts3.html, section 5). */
export const derivedModules: ReadonlySet<string> = new Set(['fts5vocab', 'fts4aux', 'fts3tokenize', 'dbstat'])

/** Whether a module's tables have rowids that are given to them: those of others are columns, or none. */
export const isFullText = (module: string | undefined): boolean => module !== undefined && /^fts[345]$/.test(module)

export type VirtualTable = {
  name: string
  /** In small letters. */
  module: string
  /** What its statement says behind the module. */
  options: string
}

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

/** The table that a statement makes under that name; undefined where it makes no virtual one. */
export function virtualTable(sql: string, name: string): VirtualTable | undefined {
  const start = /^\s*CREATE\s+VIRTUAL\s+TABLE\b/i.exec(sql)
  if (!start) return undefined
  // the name itself may say anything
  const behind = sql.slice(Math.max(start[0].length, sql.indexOf(name) + name.length))
  const [said, module] = /\bUSING\s+["'`[]?(\w+)/i.exec(behind) ?? []
  if (said === undefined || module === undefined) return undefined
  return { name, module: module.toLowerCase(), options: behind.slice(behind.indexOf(said) + said.length) }
}

/**
 * The table that a full-text table says it takes its content from, '' for one without content; undefined where it keeps its
 * content itself (https://sqlite.org/fts5.html, section 4.4; fts3.html, section 6.2).
 */
export function contentOf({ module, options }: VirtualTable): string | undefined {
  if (!isFullText(module)) return undefined
  const [, quoted, bracketed, bare] = contentOption.exec(options) ?? []
  if (quoted !== undefined) return quoted.slice(1, -1).replaceAll(quoted.slice(0, 1).repeat(2), quoted.slice(0, 1))
  return bracketed ?? bare
}

const contentOption =
  /[(,]\s*content\s*=\s*(?:('(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`)|\[([^\]]*)\]|([^\s,)]+))\s*[,)]/i

/** Whether a full-text table has a locale for each of its values (https://sqlite.org/fts5.html, section 4.7). */
export const hasLocales = ({ module, options }: VirtualTable): boolean =>
  module === 'fts5' && /[(,]\s*locale\s*=\s*['"`[]?1/i.test(options)

/** Whether the last hidden column of a full-text table is its rows' language (https://sqlite.org/fts3.html, section 6.5). */
export const hasLanguages = ({ module, options }: VirtualTable): boolean =>
  module === 'fts4' && /[(,]\s*languageid\s*=/i.test(options)
