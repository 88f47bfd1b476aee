import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { HiveError } from '../../errors.ts'
import { quoteName, rowidName } from '../analyze/reading/read-rows.ts'
import { isFullText, isPartOf, virtualTable } from '../analyze/reading/virtual-tables.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import type { TablePlan } from '../plan/plan.ts'
import type { Description } from '../run/source-file.ts'
import { InvalidText, Omitted, type SqliteValue, type WholeValue } from '../value.ts'
import { runCreate } from './create-statement.ts'
import {
  type Created,
  emptyShadow,
  enterTable,
  hasKeys,
  makeShadow,
  missingCollations,
  restoreTable,
} from './create-table.ts'
import { findRun } from './find-run.ts'
import { callsMissing, hasGenerated, hasUnmoved, indexAnew, makePlain, type Plain } from './plain-columns.ts'
import { isHeld, type MovedTable, type MovedValue, movedRanges } from './read-moved.ts'
import { standingTables } from './standing-tables.ts'
import { StoredPieces } from './stored-pieces.ts'
import { makeIndex, makeTable, movedInParts } from './virtual-parts.ts'

export type Rebuilt = { path: string; tables: { name: string; rows: number }[]; faults: string[] }

/**
 * Writes the SQLite files of a run again, from Postgres alone, under a folder that must not hold them yet: schema,
 * encoding and rows with their rowids. Gives what it wrote, and what it could not: what the plan moves and nothing has is at
 * fault. Raises migration.unknown, migration.state for a run that was rolled back, and migration.partial for one that only
 * tried rejected rows again.
 */
export async function rebuildRun(client: MigrationClient, id: string, folder: string): Promise<Rebuilt[]> {
  await client.query("SET TIME ZONE 'UTC'")
  const run = await findRun(client, id)
  if (run.state === 'rolled back') {
    throw new HiveError('migration.state', `Run ${id} was rolled back: it has no rows to build files from.`)
  }
  if (run.retries !== null) {
    throw new HiveError(
      'migration.partial',
      `Run ${id} has only rows that run ${run.retries} rejected: rebuild that one.`,
    )
  }
  const tables = await standingTables(client, run)
  const entries = await rowsOf<{ path: string; description: string | null; fault: string | null }>(
    client,
    'SELECT path, description, fault FROM migration_files WHERE run_id = $1',
    [id],
  )
  const rebuilt: Rebuilt[] = []
  for (const { path, tables: planned } of run.plan.files) {
    const entry = entries.find((one) => one.path === path)
    if (!entry?.description) {
      const fault = entry?.fault ?? 'the run has not come to it'
      if (planned.length > 0) rebuilt.push({ path, tables: [], faults: [`nothing of it was moved: ${fault}`] })
      continue
    }
    const file = join(folder, path)
    if (existsSync(file)) {
      rebuilt.push({ path, tables: [], faults: ['the file is there already'] })
      continue
    }
    await mkdir(dirname(file), { recursive: true })
    const ofFile = tables.filter((table) => table.path === path)
    const moved = ofFile.filter(({ state }) => state !== 'moved before')
    const one = await rebuildFile(client, file, path, entry.description, moved).catch((error: Error) => ({
      ...{ path, tables: [], faults: [`it cannot be made again: ${error.message}`] },
    }))
    rebuilt.push({ ...one, faults: [...one.faults, ...missing(planned, ofFile)] })
  }
  return rebuilt
}

/** Why rows are not there that the plan moves. */
function missing(planned: readonly TablePlan[], tables: readonly MovedTable[]): string[] {
  return planned.flatMap(({ name, target }) => {
    const table = tables.find((one) => one.name === name)
    if (target === 'skip' || table?.state === 'done') return []
    if (!table) return [`${name}: the run has not come to it`]
    if (table.state === 'moved before') return [`${name}: the run that had moved it was rolled back`]
    return [`${name}: it was not moved as a whole: ${table.fault ?? 'the run has not come to its end'}`]
  })
}

async function rebuildFile(
  client: MigrationClient,
  file: string,
  path: string,
  described: string,
  tables: MovedTable[],
): Promise<Rebuilt> {
  const description = JSON.parse(described) as Description
  const { encoding, pageSize, userVersion, applicationId, schema } = description
  const result: Rebuilt = { path, tables: [], faults: [] }
  // sources may have been made where "text" in double quotes was text
  const database = new DatabaseSync(file, {
    enableForeignKeyConstraints: false,
    enableDoubleQuotedStringLiterals: true,
  })
  const functions: string[] = []
  const reindexed: string[] = []
  const later: { name: string; sql: string }[] = []
  const attempt = (what: string, act: () => void) => {
    try {
      act()
    } catch (error) {
      result.faults.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  try {
    database.exec(`PRAGMA encoding = '${encoding}'; PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = OFF;
      PRAGMA user_version = ${userVersion}; PRAGMA application_id = ${applicationId}; PRAGMA ignore_check_constraints = ON`)
    // gives the file its encoding whatever is in it, and the counters of AUTOINCREMENT, which outlive their tables
    const counters = schema.some(({ name }) => name === 'sqlite_sequence') ? 'AUTOINCREMENT' : ''
    database.exec(`CREATE TABLE one (a INTEGER PRIMARY KEY ${counters}); DROP TABLE one`)
    const made = usable(description, result)
    // the tables of a virtual one are made with it
    const shadows = new Set(description.tables.filter(({ kind }) => kind === 'shadow').map(({ name }) => name))
    const isShadow = (name: string) => shadows.has(name)
    const parts = movedInParts(made, tables.map(({ name }) => name).filter(isShadow))
    const lost: typeof made = []
    const bare = new Map<string, Created>()
    const plain = new Map<string, Plain>()
    for (const entry of made) {
      if (entry.type !== 'table' || isShadow(entry.name)) continue
      attempt(entry.name, () => {
        const created = makeTable(database, entry, parts.has(entry.name), (fault) => result.faults.push(fault))
        if (created === 'cannot be made here') lost.push(entry)
        else {
          functions.push(...created.functions)
          const found = plainIfNeeded(database, entry, tables, description)
          if (found) plain.set(entry.name, found)
          if (found || created.collations.length > 0) bare.set(entry.name, created)
        }
      })
    }
    const found = database.prepare('SELECT 1 FROM sqlite_schema WHERE type = ? AND name = ?')
    const isThereAlready = (type: string, name: string) => found.get(type, name) !== undefined
    const isMoved = (name: string) => tables.some((table) => table.name === name)
    for (const { name, sql } of made) {
      const isNeeded = isMoved(name) || lost.some((table) => isPartOf(name, table.name))
      // one that is only called like a part of another is not made with it
      if (isShadow(name) && isNeeded && !isThereAlready('table', name)) attempt(name, () => makeShadow(database, sql))
    }
    const named = new Map(tables.map((table) => [table.name, table]))
    const last = named.get('sqlite_sequence')
    named.delete('sqlite_sequence')
    for (const table of named.values()) {
      // the index of a full-text table without content came with it, without a word
      if (isShadow(table.name)) attempt(table.name, () => emptyShadow(database, table.name))
      await fill(client, database, table, description, result, plain.get(table.name)?.columns)
    }
    if (last) {
      attempt('sqlite_sequence', () => database.exec('DELETE FROM sqlite_sequence'))
      await fill(client, database, last, description, result)
    }
    for (const entry of made) {
      const isFilled = named.has(entry.name) || parts.has(entry.name) || lost.includes(entry)
      if (entry.type === 'table' && !isFilled && isThereAlready('table', entry.name))
        attempt(entry.name, () => makeIndex(database, entry))
    }
    const isRestored = (table: string) => plain.has(table) && plain.get(table)?.lacks === undefined
    // not before the rows: triggers would write more, and indexes are made faster at once
    for (const { type, name, table, sql } of made) {
      if (type === 'table' || isThereAlready(type, name)) continue
      const { collations = [] } = (type === 'index' && bare.get(table)) || {}
      if (collations.length > 0) result.faults.push(`${name}: it is on ${table}, and ${missingCollations(collations)}`)
      else if (type === 'index' && isRestored(table)) later.push({ name, sql })
      else attempt(name, () => runCreate(database, type, sql))
    }
    for (const entry of lost) attempt(entry.name, () => enterTable(database, entry))
    for (const [name, { collations }] of bare) {
      const entry = made.find((one) => one.type === 'table' && one.name === name)
      const lacks = plain.get(name)?.lacks
      if (lacks === undefined && plain.get(name)?.isToReindex) reindexed.push(name)
      if (lacks === undefined) attempt(name, () => restoreTable(database, name, entry?.sql ?? ''))
      else result.faults.push(`${name}: it has a key on ${lacks}, which cannot be computed here: ${plainly}`)
      if (collations.length === 0 || !hasKeys(database, name)) continue
      result.faults.push(
        `${name}: ${missingCollations(collations)}: its keys are in the order of bytes until a REINDEX`,
      )
    }
  } catch (error) {
    database.close()
    await rm(file, { force: true })
    throw error
  }
  database.close()
  if (later.length + reindexed.length > 0) result.faults.push(...indexAnew(file, later, functions, reindexed))
  return result
}

/** The entries that are made again. Those that SQLite itself did not take, and what is no entry at all, are at fault. */
function usable({ schema, tables }: Description, { faults }: Rebuilt): Entry[] {
  const known = new Set(tables.map(({ name }) => name.toLowerCase()))
  return schema.filter((entry): entry is Entry => {
    const { type, name, sql } = entry
    if (typeof name !== 'string' || (sql !== null && typeof sql !== 'string')) {
      faults.push(`${String(name)}: its entry in the schema is damaged`)
      return false
    }
    if (sql === null || name.startsWith('sqlite_')) return false
    const isKnown = (type !== 'table' && type !== 'view') || known.has(name.toLowerCase())
    if (!isKnown) faults.push(`${name}: its entry in the schema is damaged`)
    return isKnown
  })
}

type Entry = Description['schema'][number] & { sql: string }

const plainly = 'its rows are there in plain columns, without its definition'

/** Generated columns cannot be computed where they call what is not here, or what their source could not compute either. */
function plainIfNeeded(
  database: DatabaseSync,
  { name, sql }: { name: string; sql: string | null },
  tables: readonly MovedTable[],
  description: Description,
): Plain | undefined {
  const moved = tables.find((table) => table.name === name)
  const described = description.tables.find((table) => table.name === name)
  if (moved === undefined || described?.kind !== 'table') return undefined
  if (!hasGenerated(database, name)) return undefined
  if (!hasUnmoved(database, name, moved.columns) && !callsMissing(name, sql ?? '')) return undefined
  return makePlain(database, name, described.withoutRowid, moved.columns)
}

async function fill(
  client: MigrationClient,
  database: DatabaseSync,
  table: MovedTable,
  description: Description,
  result: Rebuilt,
  plain?: readonly string[],
): Promise<void> {
  const places = table.columns.flatMap(({ name, generated }, place) =>
    (plain ? plain.includes(name) : !generated) ? [place] : [],
  )
  const names = places.map((place) => quoteName(table.columns[place]?.name ?? ''))
  const { encoding } = description
  const rowid = rowidOf(table, description)
  const columns = [...(rowid === undefined ? [] : [rowid]), ...names]
  const statements = new Map<string, StatementSync>()
  let rows = 0
  database.exec('BEGIN')
  try {
    for await (const range of movedRanges(client, table)) {
      for (let i = 0; i < range.rows; i++) {
        const moved = range.values(i)
        if (typeof moved === 'string') {
          result.faults.push(`${table.name} row ${range.first + i}: ${moved}`)
          continue
        }
        const values = isHeld(moved) ? moved : await readAll(moved, encoding)
        const given = [
          ...(rowid === undefined ? [] : [range.rowid(i) ?? null]),
          ...places.map((place) => values[place] ?? null),
        ]
        if (!given.every(isThere)) {
          result.faults.push(`${table.name} row ${range.first + i}: a value of it was too large to be moved`)
          continue
        }
        // bytes become text of the database's encoding, whatever they are
        const marks = given.map((value) => (isTextInBytes(value, encoding) ? 'CAST(? AS TEXT)' : '?')).join(', ')
        const text = `INSERT INTO ${quoteName(table.name)} (${columns.join(', ')}) VALUES (${marks})`
        const statement = statements.get(text) ?? database.prepare(text)
        statements.set(text, statement)
        statement.run(...given.map((value) => bindable(value, encoding)))
        if (values !== moved) release(values)
        rows++
      }
    }
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    result.faults.push(`${table.name}: ${error instanceof Error ? error.message : String(error)}`)
    return
  }
  result.tables.push({ name: table.name, rows })
}

async function readAll(moved: readonly MovedValue[], encoding: string): Promise<SqliteValue[]> {
  const values: SqliteValue[] = []
  for (const value of moved) values.push(value instanceof StoredPieces ? await value.whole(encoding) : value)
  return values
}

/** Gives the memory of values that were in pieces back at once. */
function release(values: readonly SqliteValue[]): void {
  for (const value of values) {
    const bytes = value instanceof InvalidText ? value.bytes : value
    if (bytes instanceof Uint8Array) (bytes.buffer as ArrayBuffer).transfer(0)
  }
}

/** What SQLite does not take over from UTF-8, which strings are bound as, into a database in UTF-16. */
const untranslated = /[\ufffe\uffff]/

/** Text that strings cannot be bound as: not valid, or in UTF-16 with lone surrogates and the like. */
const isTextInBytes = (value: SqliteValue, encoding: string): boolean =>
  value instanceof InvalidText ||
  (typeof value === 'string' && encoding !== 'UTF-8' && (!value.isWellFormed() || untranslated.test(value)))

/** What is bound for a value; for text in bytes those of the database's encoding. */
function bindable(value: WholeValue, encoding: string): Exclude<WholeValue, InvalidText> {
  if (value instanceof InvalidText) return value.bytes
  if (typeof value !== 'string' || !isTextInBytes(value, encoding)) return value
  const units = Buffer.from(value, 'utf16le')
  return encoding === 'UTF-16be' ? units.swap16() : units
}

const isThere = (value: SqliteValue): value is WholeValue => !(value instanceof Omitted)

/** How a table's rowid is named, where it is not one of its columns and there is one. */
function rowidOf({ name, columns }: MovedTable, { tables, schema }: Description): string | undefined {
  const table = tables.find((one) => one.name === name)
  if (table?.withoutRowid || name.startsWith('sqlite_')) return undefined
  const sql = schema.find((one) => one.type === 'table' && one.name === name)?.sql
  if (table?.kind === 'virtual' && !isFullText(virtualTable(sql ?? '', name)?.module)) return undefined
  return rowidName(columns)
}
