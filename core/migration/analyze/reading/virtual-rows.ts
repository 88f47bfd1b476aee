import type { DatabaseSync } from 'node:sqlite'
import { type Reached, reach } from './reached.ts'
import { quoteName } from './read-rows.ts'
import { derivedModules, fold, isFullText, isPartOf, partColumns, parts, type VirtualTable } from './virtual-tables.ts'

/**
 * Where the rows of virtual tables are read, so that each is read once and none is lost: through the table where that gives
 * back all that it holds; in its parts where it does not, where it cannot be read, or where that is not clear; else with
 * another table, of which it is an index.
 */
export class VirtualRows {
  /** What to beware of in tables that cannot be read. */
  readonly warnings: string[] = []
  readonly #database: DatabaseSync
  readonly #kinds: ReadonlyMap<string, string>
  readonly #derived = new Set<string>()
  readonly #indexes = new Set<string>()
  readonly #inParts = new Set<string>()
  readonly #withSettings = new Set<string>()

  constructor(database: DatabaseSync, tables: Iterable<VirtualTable>, kinds: ReadonlyMap<string, string>) {
    this.#database = database
    this.#kinds = kinds
    const shadows = new Set([...kinds].flatMap(([name, kind]) => (kind === 'shadow' ? [fold(name)] : [])))
    for (const table of tables) {
      const { name, module } = table
      if (derivedModules.has(module)) this.#derived.add(name)
      else if (parts.some((part) => shadows.has(fold(`${name}_${part}`)))) {
        if (isFullText(module)) this.#placeFullText(table)
        else this.#placeOther(name)
        if (module === 'fts5' && hasSettings(database, name)) this.#withSettings.add(name)
      }
    }
  }

  /** What a virtual table is that has no rows but those that are read elsewhere. */
  elsewhere(name: string): 'derived' | 'index' | 'in parts' | undefined {
    if (this.#derived.has(name)) return 'derived'
    if (this.#indexes.has(name)) return 'index'
    return this.#inParts.has(name) ? 'in parts' : undefined
  }

  /** Whether a shadow table has rows that are read nowhere else. */
  isOnlyHere(shadow: string): boolean {
    const isOf = (tables: ReadonlySet<string>, ends: readonly string[]) =>
      [...tables].some((name) => ends.some((end) => fold(shadow) === fold(`${name}_${end}`)))
    return isOf(this.#withSettings, ['config']) || isOf(this.#inParts, parts)
  }

  /** What its options say is not looked at, but what SQLite made of them: its tables, and those that it reads. */
  #placeFullText(table: VirtualTable): void {
    const { name, module } = table
    const [columns, reached] = this.#readFirst(table)
    const others = [...reached.tables].filter((one) => fold(one) !== fold(name) && !isPartOf(one, name))
    const content = partColumns(this.#database, name, 'content')
    const own = [...reached.tables].some((one) => fold(one) === fold(`${name}_content`))
    const { fault, isOfView } = reached
    if (fault !== undefined && (content.size > 0 || others.length > 0 || /tokenizer/i.test(fault)))
      this.#warn(name, fault)
    if (fault === undefined && !isOfView) {
      // one without content may keep its columns that are not indexed; locales are beside the values
      const isWhole = module !== 'fts5' || columns.every((_, at) => content.has(`c${at}`) && !content.has(`l${at}`))
      if (content.size > 0 && own && others.length === 0 && isWhole) return
      const isOfTable =
        content.size === 0 && others.length === 1 && others.every((other) => this.#kinds.get(other) === 'table')
      if (isOfTable && this.#isOfAllRows(name)) {
        this.#indexes.add(name)
        return
      }
    }
    this.#inParts.add(name)
  }

  #placeOther(name: string): void {
    const { fault, isOfView } = this.#reach(`SELECT 1 FROM ${quoteName(name)} LIMIT 1`)
    if (fault !== undefined) this.#warn(name, fault)
    if (fault !== undefined || isOfView) this.#inParts.add(name)
  }

  /** The columns of a full-text table, and what it reads for its first row and for a word. */
  #readFirst({ name, module }: VirtualTable): [columns: string[], reached: Reached] {
    const table = quoteName(name)
    // a table that cannot be opened has no columns
    const opened = this.#reach(`SELECT 1 FROM ${table} LIMIT 0`)
    if (opened.fault !== undefined || opened.isOfView) return [[], opened]
    const columns = columnsOf(this.#database, name)
    // its values are made of what it has by functions that may not be there
    const values = columns.map((column) => `typeof(${quoteName(column)})`)
    const reached = this.#reach(`SELECT ${['1', ...values].join(', ')} FROM ${table} LIMIT 1`)
    if (module !== 'fts5' || reached.fault !== undefined || reached.isOfView) return [columns, reached]
    // a tokenizer is asked for by the first one who needs it
    const { fault } = this.#reach(`SELECT 1 FROM ${table}('a') LIMIT 1`)
    return [columns, fault !== undefined && /tokenizer/i.test(fault) ? { ...reached, fault } : reached]
  }

  /** Whether an index is of every row of its table, as one is that is made again; where that is not to be told, it is not. */
  #isOfAllRows(name: string): boolean {
    const [table, sizes] = [quoteName(name), quoteName(`${name}_docsize`)]
    const id = partColumns(this.#database, name, 'docsize').has('docid') ? 'docid' : 'id'
    const { row } = this.#reach(
      `SELECT (SELECT count(*) FROM ${sizes}) = (SELECT count(*) FROM ${table}) AND NOT EXISTS (
         SELECT 1 FROM ${sizes} AS s WHERE NOT EXISTS (SELECT 1 FROM ${table} AS t WHERE t.rowid = s.${id})) AS same`,
    )
    return row?.same === 1
  }

  #reach(sql: string): Reached {
    return reach(this.#database, sql, this.#kinds)
  }

  #warn(name: string, fault: string): void {
    this.warnings.push(
      `its table ${name} cannot be used here (${fault}): the tables that it keeps its rows in are moved`,
    )
  }
}

const columnsOf = (database: DatabaseSync, name: string) =>
  database
    .prepare(`PRAGMA main.table_xinfo(${quoteName(name)})`)
    .all()
    .filter(({ hidden }) => hidden === 0)
    .map((column) => String(column.name))

/** Whether a table has settings of its own, such as its rank, which making it anew does not give back. */
function hasSettings(database: DatabaseSync, name: string): boolean {
  try {
    const config = quoteName(`${name}_config`)
    return database.prepare(`SELECT 1 FROM ${config} WHERE k <> 'version' LIMIT 1`).get() !== undefined
  } catch {
    return false
  }
}
