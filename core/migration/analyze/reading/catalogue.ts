import type { DatabaseSync } from 'node:sqlite'
import { largestValue } from '../../value.ts'
import type { AnalysedColumn, AnalysedDatabase, AnalysedTable } from '../source.ts'
import { damagedTables } from './damaged-schema.ts'
import { quoteName, readRows } from './read-rows.ts'
import { storedTable } from './stored-table.ts'
import { uncomputable } from './uncomputable.ts'
import { VirtualRows } from './virtual-rows.ts'
import { hasLanguages, isFullText, isPartOf, readVirtualTables, type VirtualTable } from './virtual-tables.ts'

/** Everything in a database that has a name and columns. Values of more bytes than `largest` are not read. */
export function readDatabase(database: DatabaseSync, largest = largestValue): AnalysedDatabase {
  return read(database, largest, () => true)
}

/** One table as `readDatabase` reads it; nothing is looked for in the others. */
export function readTable(database: DatabaseSync, name: string, largest = largestValue): AnalysedTable | undefined {
  return read(database, largest, (one) => one === name).tables[0]
}

function read(database: DatabaseSync, largest: number, isAsked: (name: string) => boolean): AnalysedDatabase {
  const value = (pragma: string) => Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]
  // as statements: a table called pragma_table_list would hide the function
  const listed = database
    .prepare('PRAGMA main.table_list')
    .all()
    .filter(({ schema, name }) => schema === 'main' && name !== 'sqlite_schema')
    .sort((one, other) => (String(one.name) < String(other.name) ? -1 : 1))
  const encoding = String(value('encoding'))
  const virtual = readVirtualTables(database)
  const kinds = new Map(listed.map(({ name, type }) => [String(name), String(type)]))
  const asked = listed.filter(({ name }) => isAsked(String(name)))
  const placed = [...virtual.values()].filter(({ name }) =>
    asked.some((one) => one.name === name || isPartOf(String(one.name), name)),
  )
  const rows = new VirtualRows(database, placed, kinds)
  const typeOf = (name: string, type: string) => {
    // like views, they show what is in others
    if (rows.elsewhere(name) !== undefined) return 'view'
    return type === 'shadow' && rows.isOnlyHere(name) ? 'table' : type
  }
  return {
    encoding,
    journalMode: String(value('journal_mode')),
    pageSize: Number(value('page_size')),
    warnings: rows.warnings,
    tables: [
      ...asked.map(({ name, type, wr }) =>
        describe(database, {
          name: String(name),
          type: typeOf(String(name), String(type)),
          elsewhere: rows.elsewhere(String(name)),
          withoutRowid: wr === 1,
          hasRowid: wr !== 1 && (type !== 'virtual' || isFullText(virtual.get(String(name))?.module)),
          virtual: virtual.get(String(name)),
          encoding,
          largest,
          warn: (what) => rows.warnings.push(what),
        }),
      ),
      ...damagedTables(database).filter(isAsked).map(damagedTable),
    ].sort((one, other) => (one.name < other.name ? -1 : 1)),
  }
}

/** Nothing is known of it but that it is there. */
const damagedTable = (name: string): AnalysedTable => ({
  ...{ name, kind: 'table', columns: [], primaryKey: [], withoutRowid: false, foreignKeys: [] },
  rows: (gap) => unreadable('its entry in the schema is damaged', gap),
  count: () => undefined,
  uniqueKeys: () => [],
  orphans: () => [],
})

type Listed = {
  name: string
  type: string
  elsewhere: AnalysedTable['elsewhere']
  withoutRowid: boolean
  hasRowid: boolean
  virtual: VirtualTable | undefined
  encoding: string
  largest: number
  warn(what: string): void
}

function describe(
  database: DatabaseSync,
  { name, type, elsewhere, withoutRowid, hasRowid, virtual, encoding, largest, warn }: Listed,
): AnalysedTable {
  const kind = name.startsWith('sqlite_') ? 'internal' : (type as AnalysedTable['kind'])
  const { columns: all, fault } = kind === 'view' ? { columns: [] } : readColumns(database, name, virtual)
  const omitted = all.some(({ generated }) => generated) ? uncomputable(database, name) : new Map<string, string>()
  const columns = all.filter((column) => !omitted.has(column.name))
  for (const [column, why] of omitted)
    warn(
      `its table ${name} is read without its column ${column}, of which nothing is stored and which cannot be computed here (${why})`,
    )
  const unkept = kind === 'table' && omitted.size > 0 ? keysOn(database, name, omitted) : []
  for (const key of unkept) {
    warn(
      `its table ${name} has a key on ${key}, which cannot be computed here: a rebuild writes its rows, but not as its definition says`,
    )
  }
  const primaryKey = columns
    .filter((column) => column.primaryKey > 0)
    .sort((one, other) => one.primaryKey - other.primaryKey)
    .map((column) => column.name)
  const keys = kind === 'table' ? foreignKeysOf(database, name) : []
  return {
    name,
    kind,
    ...(elsewhere !== undefined && { elsewhere }),
    columns,
    primaryKey,
    withoutRowid,
    foreignKeys: keys.map(({ columns: from, table, to }) => ({ columns: from, table, to })),
    rows(gap) {
      if (fault !== undefined) return unreadable(fault, gap)
      const isPlain = kind === 'table' && hasRowid && encoding === 'UTF-8' && omitted.size === 0
      const stored = isPlain ? storedTable(database, name, columns) : undefined
      return readRows(database, { name, columns, primaryKey, withoutRowid, hasRowid, encoding, largest, stored }, gap)
    },
    // no view is evaluated
    count: () => (kind === 'view' ? undefined : countRows(database, name)),
    uniqueKeys: () => (kind === 'table' ? uniqueKeys(database, name) : []),
    orphans: () =>
      countOrphans(
        database,
        name,
        keys.map(({ id }) => id),
      ),
  }
}

/** The columns of a table, or why they are not known: the module of a virtual table may be missing. */
function readColumns(
  database: DatabaseSync,
  table: string,
  virtual: VirtualTable | undefined,
): { columns: AnalysedColumn[]; fault?: string } {
  try {
    return { columns: columnsOf(database, table, virtual) }
  } catch (error) {
    return { columns: [], fault: error instanceof Error ? error.message : String(error) }
  }
}

function unreadable(fault: string, gap: (what: string) => void): [] {
  gap(fault)
  return []
}

/** `table_xinfo` knows generated columns too. Hidden columns of virtual tables are no data, but for a row's language. */
function columnsOf(database: DatabaseSync, table: string, virtual: VirtualTable | undefined): AnalysedColumn[] {
  const rows = database.prepare(`PRAGMA main.table_xinfo(${quoteName(table)})`).all()
  return rows
    .filter(({ hidden }, at) => hidden !== 1 || (at === rows.length - 1 && virtual && hasLanguages(database, virtual)))
    .map(({ name, type, notnull, pk, hidden }) => ({
      name: String(name),
      declaredType: String(type),
      notNull: notnull === 1,
      primaryKey: Number(pk),
      generated: hidden === 2 || hidden === 3,
    }))
}

function foreignKeysOf(database: DatabaseSync, table: string) {
  const rows = database
    .prepare(`PRAGMA main.foreign_key_list(${quoteName(table)})`)
    .all()
    .sort((one, other) => Number(one.id) - Number(other.id) || Number(one.seq) - Number(other.seq))
  return [...Map.groupBy(rows, ({ id }) => Number(id))].map(([id, parts]) => ({
    id,
    table: String(parts[0]?.table),
    columns: parts.map(({ from }) => String(from)),
    to: parts.map(({ to }) => (to === null ? '' : String(to))).filter((name) => name !== ''),
  }))
}

/** What is unique in a part of the rows only, or is no column, is left out. */
function uniqueKeys(database: DatabaseSync, table: string): string[][] {
  try {
    return database
      .prepare(`PRAGMA main.index_list(${quoteName(table)})`)
      .all()
      .filter(({ unique, origin, partial }) => unique === 1 && origin !== 'pk' && partial === 0)
      .map(({ name }) => database.prepare(`PRAGMA main.index_info(${quoteName(String(name))})`).all())
      .filter((columns) => columns.every(({ name }) => name !== null))
      .map((columns) => columns.map(({ name }) => String(name)))
  } catch {
    return []
  }
}

/** The columns of its keys that are among these. */
function keysOn(database: DatabaseSync, table: string, columns: ReadonlyMap<string, string>): string[] {
  const keys = database
    .prepare(`PRAGMA main.index_list(${quoteName(table)})`)
    .all()
    .filter(({ origin }) => origin !== 'c')
    .flatMap(({ name }) => database.prepare(`PRAGMA main.index_info(${quoteName(String(name))})`).all())
    .map(({ name }) => String(name))
  return [...columns.keys()].filter((name) => keys.includes(name))
}

function countRows(database: DatabaseSync, table: string): number | undefined {
  try {
    return Number(database.prepare(`SELECT count(*) AS count FROM ${quoteName(table)}`).get()?.count)
  } catch {
    return undefined
  }
}

function countOrphans(database: DatabaseSync, table: string, ids: number[]): number[] | string {
  try {
    const counts = new Map<number, number>()
    for (const { fkid } of database.prepare(`PRAGMA foreign_key_check(${quoteName(table)})`).iterate()) {
      counts.set(Number(fkid), (counts.get(Number(fkid)) ?? 0) + 1)
    }
    return ids.map((id) => counts.get(id) ?? 0)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
