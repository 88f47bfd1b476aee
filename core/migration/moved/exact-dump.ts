import { hash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { quoteName } from '../analyze/reading/read-rows.ts'

/** Everything in a database that a migration must keep, read by SQL of its own: what a rebuilt file is compared by. */
export type ExactDump = {
  /** Encoding, page size and the like. */
  settings: Record<string, unknown>
  /** Every entry of the schema but SQLite's statistics. */
  schema: string[]
  /** The rows of each table: rowid, where there is one, then storage class and bytes of each value. Sorted. */
  rows: Map<string, string[]>
  /** The rowids that each index of another table has, which is made again. */
  indexes: Map<string, string[]>
}

const longest = 400

/** Reads a file, which must be nobody else's: beside it files may come and go. */
export function exactDump(file: string): ExactDump {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false })
  try {
    const setting = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]
    const schema = database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema').all()
    const named = (pattern: RegExp) =>
      schema.filter(({ sql }) => pattern.test(String(sql))).map(({ name }) => String(name))
    const ofOthers = named(/USING fts\d\([^'"]*content=\w/)
    const indexes = ofOthers.filter((name) => isOfAllRows(database, name))
    // without content or with locales, of some rows of another, or broken: only the tables beside them have all that they hold
    const inParts = [
      ...named(/USING fts\d\(.*(?:cont(?:ent)?=''|loc(?:ale)?=1)/),
      ...ofOthers.filter((name) => !indexes.includes(name)),
      ...named(/USING fts\d/).filter((name) => !canBeOpened(database, name)),
    ]
    const derived = new Set([...named(/USING fts5vocab/), ...indexes, ...inParts])
    const isIndex = ({ name, type }: Record<string, unknown>) =>
      type === 'shadow' && inParts.some((one) => partsOf(one).includes(String(name)))
    const listed = database.prepare('PRAGMA main.table_list').all()
    const tables = listed.filter((table) => (isData(table) || isIndex(table)) && !derived.has(String(table.name)))
    return {
      settings: Object.fromEntries(
        ['encoding', 'page_size', 'user_version', 'application_id'].map((name) => [name, setting(name)]),
      ),
      schema: schema
        .filter(({ name }) => !String(name).startsWith('sqlite_stat'))
        .map((entry) => JSON.stringify(Object.values(entry)))
        .sort(),
      rows: new Map(tables.map(({ name, wr }) => [String(name), rowsOf(database, String(name), wr === 1)])),
      indexes: new Map(indexes.map((name) => [name, indexedRows(database, name)])),
    }
  } finally {
    database.close()
  }
}

/** Whether an index is of every row of `base`, which is the only other table that generated indexes are of, by its column k. */
function isOfAllRows(database: DatabaseSync, name: string): boolean {
  const isTable = database
    .prepare("SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = 'base' AND type = 'table'")
    .get()
  if (!isTable) return false
  const rows = database.prepare('SELECT CAST(k AS TEXT) AS k FROM base').all()
  return JSON.stringify(rows.map(({ k }) => String(k)).sort()) === JSON.stringify(indexedRows(database, name))
}

const indexedRows = (database: DatabaseSync, name: string) =>
  database
    .prepare(`SELECT CAST(id AS TEXT) AS id FROM ${quoteName(`${name}_docsize`)}`)
    .all()
    .map(({ id }) => String(id))
    .sort()

function canBeOpened(database: DatabaseSync, name: string): boolean {
  try {
    database.prepare(`SELECT 1 FROM ${quoteName(name)} LIMIT 0`).get()
    return true
  } catch {
    return false
  }
}

const partsOf = (name: string) =>
  ['config', 'content', 'data', 'docsize', 'idx', 'segments', 'segdir', 'stat'].map((part) => `${name}_${part}`)

function isData({ schema, name, type }: Record<string, unknown>): boolean {
  if (schema !== 'main') return false
  if (String(name).startsWith('sqlite_')) return name === 'sqlite_sequence'
  return type === 'table' || type === 'virtual'
}

function rowsOf(database: DatabaseSync, table: string, withoutRowid: boolean): string[] {
  const info = database.prepare(`PRAGMA main.table_xinfo(${quoteName(table)})`).all()
  const columns = info
    .filter(({ name, hidden }) => hidden !== 1 && (hidden !== 2 || isComputable(database, table, String(name))))
    .map(({ name }) => String(name))
  const taken = new Set(columns.map((name) => name.toLowerCase()))
  // which rowids the counters of AUTOINCREMENT have says nothing
  const rowid =
    withoutRowid || table === 'sqlite_sequence'
      ? undefined
      : ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name))
  const parts = columns.map(quoteName).flatMap((name) => [`typeof(${name})`, name, `CAST(${name} AS BLOB)`])
  const statement = database.prepare(`SELECT ${[rowid ?? 'NULL', ...parts].join(', ')} FROM ${quoteName(table)}`)
  statement.setReadBigInts(true)
  statement.setReturnArrays(true)
  const rows = statement.all() as unknown as unknown[][]
  return rows
    .map(([key, ...values]) => [String(key), ...columns.map((_, at) => shown(values, 3 * at))].join(' '))
    .sort()
}

/** What cannot be computed for a row is nowhere. */
function isComputable(database: DatabaseSync, table: string, column: string): boolean {
  try {
    database.prepare(`SELECT max(typeof(${quoteName(column)})) FROM ${quoteName(table)}`).get()
    return true
  } catch {
    return false
  }
}

function shown(values: unknown[], at: number): string {
  const [kind, value, bytes] = values.slice(at, at + 3)
  if (kind === 'null') return 'null'
  if (kind === 'integer') return `integer:${value}`
  if (kind === 'real') return `real:${Object.is(value, -0) ? '-0' : value}`
  const hex = Buffer.from(bytes as Uint8Array).toString('hex')
  return `${kind}:${hex.length > longest ? `${hex.length / 2} bytes ${hash('sha256', hex)}` : hex}`
}
