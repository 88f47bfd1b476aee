import type { DatabaseSync } from 'node:sqlite'
import { quoteName } from './read-rows.ts'
import { contentOf, derivedModules, hasLocales, type VirtualTable } from './virtual-tables.ts'

/** The tables of its own that a virtual table keeps its rows and its index in, by the ends of their names. */
const parts = ['data', 'idx', 'content', 'docsize', 'config', 'segments', 'segdir', 'stat', 'node', 'rowid', 'parent']

/**
 * Where the rows of virtual tables are read, so that each is read once and none is lost: through the table where that gives
 * back all that it holds; in its parts where it does not, or where it cannot be read; else with other tables, of which it is
 * an index.
 */
export class VirtualRows {
  /** What to beware of in tables that cannot be read. */
  readonly warnings: string[] = []
  readonly #elsewhere = new Set<string>()
  readonly #inParts = new Set<string>()
  readonly #withSettings = new Set<string>()

  constructor(database: DatabaseSync, tables: Iterable<VirtualTable>, kinds: ReadonlyMap<string, string>) {
    const folded = new Map([...kinds].map(([name, kind]) => [name.toLowerCase(), kind]))
    const hasParts = (name: string) => parts.some((part) => kinds.get(`${name}_${part}`) === 'shadow')
    for (const table of tables) {
      const { name, module } = table
      if (derivedModules.has(module)) {
        this.#elsewhere.add(name)
        continue
      }
      if (!hasParts(name)) continue
      const content = contentOf(table)
      // an index of what a view shows is not made again: no view is ever evaluated
      const isOfTable = content !== undefined && folded.get(content.toLowerCase()) === 'table'
      const fault = content === undefined || isOfTable ? faultOf(database, table) : undefined
      if (fault !== undefined) {
        this.warnings.push(
          `its table ${name} cannot be used here (${fault}): the tables that it keeps its rows in are moved`,
        )
      }
      if (fault !== undefined || hasLocales(table) || (content !== undefined && !isOfTable)) this.#inParts.add(name)
      else if (isOfTable) this.#elsewhere.add(name)
      if (module === 'fts5' && hasSettings(database, name)) this.#withSettings.add(name)
    }
  }

  /** Whether a virtual table has no rows but those that are read elsewhere. */
  isElsewhere(name: string): boolean {
    return this.#elsewhere.has(name) || this.#inParts.has(name)
  }

  /** Whether a shadow table has rows that are read nowhere else. */
  isOnlyHere(shadow: string): boolean {
    const isOf = (tables: ReadonlySet<string>, part: string) =>
      shadow.endsWith(`_${part}`) && tables.has(shadow.slice(0, -part.length - 1))
    return isOf(this.#withSettings, 'config') || parts.some((part) => isOf(this.#inParts, part))
  }
}

/** Why a table cannot be read, or not be written again; of one that is damaged a part can be read. */
function faultOf(database: DatabaseSync, { name, module }: VirtualTable): string | undefined {
  let columns: Record<string, unknown>[]
  try {
    columns = database.prepare(`PRAGMA main.table_xinfo(${quoteName(name)})`).all()
  } catch (error) {
    return messageOf(error)
  }
  // its values are made of what it has by functions that may not be there
  const values = columns
    .filter(({ hidden }) => hidden === 0)
    .map((column) => `typeof(${quoteName(String(column.name))})`)
  const fault = faultOfQuery(database, `SELECT ${['1', ...values].join(', ')} FROM ${quoteName(name)} LIMIT 1`)
  if (fault !== undefined) return isDamage(fault) ? undefined : fault
  // a tokenizer is asked for by the first one who needs it
  const ofWords =
    module === 'fts5' ? faultOfQuery(database, `SELECT 1 FROM ${quoteName(name)}('a') LIMIT 1`) : undefined
  return ofWords !== undefined && /tokenizer/i.test(ofWords) ? ofWords : undefined
}

function faultOfQuery(database: DatabaseSync, sql: string): string | undefined {
  try {
    database.prepare(sql).get()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
const isDamage = (fault: string) => /malformed|corrupt/i.test(fault)

/** Whether a table has settings of its own, such as its rank, which making it anew does not give back. */
function hasSettings(database: DatabaseSync, name: string): boolean {
  try {
    const config = quoteName(`${name}_config`)
    return database.prepare(`SELECT 1 FROM ${config} WHERE k <> 'version' LIMIT 1`).get() !== undefined
  } catch {
    return false
  }
}
