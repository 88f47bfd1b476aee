import type { StoredRecord } from '../analyze/reading/stored-record.ts'
import { compileTable } from '../convert/compile-table.ts'
import type { CompiledTable, Kept, TargetRow } from '../convert/conversion.ts'
import { behindField, type CopiedRows, copyOut, elementStarts } from '../load/copy-out.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import { TablePlan } from '../plan/plan.ts'
import { checksumAt } from '../row-checksum.ts'
import { decodeRow } from '../run/decode-row.ts'
import type { SqliteValue } from '../value.ts'
import { type PlainlyMoved, plainlyMoved } from './plainly-moved.ts'
import { isPlainlySame } from './plainly-same.ts'
import { fieldReader, selectFields } from './stored-fields.ts'
import { StoredPieces } from './stored-pieces.ts'

/** A table of a run as the ledger has it. */
export type MovedTable = {
  id: string
  path: string
  name: string
  state: string
  /** Why it was not moved as a whole. */
  fault: string | null
  columns: { name: string; declaredType: string; generated: boolean }[]
  rows: number
  compiled: CompiledTable
  /** Compares target rows with records where its rules are plain. */
  plainly: PlainlyMoved | undefined
}

/** Rows one after another with one outcome, read back from where they went. */
export type MovedRange = {
  /** The place of the first one. */
  first: number
  rows: number
  outcome: string
  /** The checksum that the source had for the i-th of them. */
  checksum(i: number): bigint
  rowid(i: number): bigint | undefined
  /** Whether that is what the i-th of them had: told without making it, mostly. */
  isRowid(i: number, rowid: bigint | undefined): boolean
  /** The values of the i-th row, or why they cannot be had; they are made anew when they are asked for. */
  values(i: number): MovedValue[] | string
  /** Whether the i-th row is what a record has, told without making values; false may be the same none the less. */
  isPlainly(i: number, record: StoredRecord): boolean
}

/** A value, or where the pieces of a large one are. */
export type MovedValue = SqliteValue | StoredPieces

/** Whether all values of a row are there. */
export const isHeld = (values: readonly MovedValue[]): values is SqliteValue[] => {
  for (const value of values) if (value instanceof StoredPieces) return false
  return true
}

/** The tables of a run, in the order in which they were moved. */
export async function movedTables(client: MigrationClient, run: string, zone: string): Promise<MovedTable[]> {
  const rows = await rowsOf<{
    id: string
    path: string
    name: string
    state: string
    fault: string | null
    columns: string
    rows: string
    plan: string
  }>(
    client,
    `SELECT t.id, f.path, t.name, t.state, t.fault, t.columns, t.rows, t.plan FROM migration_tables t
     JOIN migration_files f ON f.id = t.file_id WHERE f.run_id = $1 ORDER BY t.id`,
    [run],
  )
  return rows.map(({ columns, plan, rows: count, ...table }) => {
    const named = JSON.parse(columns) as MovedTable['columns']
    const parsed = TablePlan.parse(JSON.parse(plan))
    const compiled = compileTable(parsed, named, zone)
    return {
      ...table,
      columns: named,
      rows: Number(count),
      compiled,
      plainly: plainlyMoved(parsed, named, compiled.affinities, compiled.columns, zone),
    }
  })
}

type Read = Pick<MovedRange, 'values' | 'isPlainly'>

const notThere = 'it is not there'

type Range = {
  first_row: string
  rows: number
  outcome: string
  first_id: string | null
  ids: number
  widths: number[] | null
  checksums: Buffer
  first_rowid: string | null
  rowids: Buffer | null
}

const rangeColumns = 'first_row, rows, outcome, first_id, ids, widths, checksums, first_rowid, rowids'

/** A part of a table: from which row on, and whether to stop, which is asked after each range. */
export type Part = { from: number; stop(): boolean }

/**
 * Every row of a table that was moved, in key order, read back from the targets and the ledger; from a row on that a range
 * begins with.
 */
export async function* movedRanges(client: MigrationClient, table: MovedTable, from = 0): AsyncGenerator<MovedRange> {
  let next: Promise<MovedRange | undefined> = readRange(client, table, from - 1)
  for (;;) {
    const range = await next
    if (!range) return
    // the next one is read while this one is looked at
    next = readRange(client, table, range.first)
    next.catch(() => {})
    yield range
  }
}

async function readRange(client: MigrationClient, table: MovedTable, after: number): Promise<MovedRange | undefined> {
  const [range] = await rowsOf<Range>(
    client,
    `SELECT ${rangeColumns} FROM migration_ranges WHERE table_id = $1 AND first_row > $2 ORDER BY first_row LIMIT 1`,
    [table.id, after],
  )
  if (!range) return undefined
  const { buffer, byteOffset, byteLength } = range.checksums
  const checksums = new DataView(buffer, byteOffset, byteLength)
  const read = range.outcome === 'migrated' ? readTargets : readRows
  return {
    first: Number(range.first_row),
    rows: range.rows,
    outcome: range.outcome,
    checksum: (i) => checksumAt(checksums, i),
    rowid: rowidsOf(range),
    isRowid: rowidCheck(range),
    ...(await read(client, table, range)),
  }
}

function rowidsOf({ first_rowid, rowids }: Range): MovedRange['rowid'] {
  if (first_rowid === null) return (i) => rowids?.readBigInt64BE(8 * i)
  const first = BigInt(first_rowid)
  return (i) => first + BigInt(i)
}

function rowidCheck(range: Range): MovedRange['isRowid'] {
  const { first_rowid, rows } = range
  const first = Number(first_rowid)
  // a number is one bigint and no other where all of them are safe
  const areSafe = first_rowid !== null && Number.isSafeInteger(first) && Number.isSafeInteger(first + rows)
  if (areSafe) return (i, rowid) => rowid !== undefined && Number(rowid) === first + i
  const rowidOf = rowidsOf(range)
  return (i, rowid) => rowid === rowidOf(i)
}

/** Rows whose targets are read by their ids and turned back. One that was changed says how. */
async function readTargets(client: MigrationClient, table: MovedTable, range: Range): Promise<Read> {
  const { compiled, plainly } = table
  const first = Number(range.first_row)
  const from = BigInt(range.first_id ?? 0)
  const to = from + BigInt(range.ids) - 1n
  const targets = await copyOut(
    client,
    `SELECT ${selectFields(compiled)}, (id - ${from})::int FROM ${compiled.target} WHERE id BETWEEN ${from} AND ${to} ORDER BY id`,
  )
  const kept = await rowsOf<{ row: string; kept: string }>(
    client,
    'SELECT row, kept::text AS kept FROM migration_kept WHERE table_id = $1 AND row BETWEEN $2 AND $2::bigint + $3::int - 1',
    [table.id, range.first_row, range.rows],
  )
  const keptBy = new Map(kept.map(({ row, kept: text }) => [Number(row), JSON.parse(text) as Kept]))
  const lines = targets.rows === range.ids ? undefined : linesBy(targets, compiled.columns.length)
  const read = fieldReader(compiled)
  const startOf = (id: number) => {
    const line = lines ? lines.get(id) : id
    return line === undefined ? undefined : targets.start(line)
  }
  const { widths } = range
  const ends = widths ? runningSum(widths) : undefined
  return {
    values(i) {
      const width = widths?.[i] ?? 1
      const last = ends?.[i] ?? i + 1
      const starts = Array.from({ length: width }, (_, at) => startOf(last - width + at))
      return turnBack(
        compiled,
        starts.map((start) => (start === undefined ? undefined : () => read(targets.bytes, start))),
        keptBy.get(first + i) ?? null,
      )
    },
    isPlainly(i, record) {
      if (!plainly || widths || keptBy.has(first + i)) return false
      const start = startOf(i)
      return start !== undefined && plainly(record, targets.bytes, start)
    },
  }
}

/** Where rows are that are not all there, by the whole number in their last field. */
function linesBy(rows: CopiedRows, fieldsBefore: number): Map<number, number> {
  return new Map(
    Array.from({ length: rows.rows }, (_, line) => {
      let at = rows.start(line)
      for (let field = 0; field < fieldsBefore; field++) at = behindField(rows.bytes, at)
      return [rows.bytes.readInt32BE(at + 4), line]
    }),
  )
}

function runningSum(numbers: readonly number[]): number[] {
  let sum = 0
  return numbers.map((number) => {
    sum += number
    return sum
  })
}

function turnBack(
  compiled: CompiledTable,
  rows: ((() => TargetRow) | undefined)[],
  kept: Kept | null,
): SqliteValue[] | string {
  if (rows.includes(undefined)) return `${compiled.target} has lost a row of it`
  try {
    const there = rows.map((row) => (row as () => TargetRow)())
    const values = compiled.invert(there, kept)
    // a column that gives no value back can have been changed as well
    const again = compiled.convert(values)
    const same =
      again.outcome === 'migrated' &&
      again.rows.length === there.length &&
      again.rows.every((row, i) => compiled.equal(row, there[i] as TargetRow))
    return same ? values : `its row in ${compiled.target} has been changed`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * Rows that went to no target, or were rejected: their content is beside the ledger. All of a range come in two arrays, as one
 * message: each message is made an object, and one for each row would cost as much as half of what is done with it.
 */
async function readRows(client: MigrationClient, table: MovedTable, range: Range): Promise<Read> {
  const from = range.outcome === 'legacy' ? 'legacy_rows' : 'migration_rejects'
  const first = Number(range.first_row)
  const between = `table_id = ${BigInt(table.id)} AND row BETWEEN ${first} AND ${first + range.rows - 1}`
  const arrays = await copyOut(
    client,
    `SELECT array_agg(content::text ORDER BY row), array_agg((row - ${first})::int ORDER BY row) FROM ${from} WHERE ${between}`,
  )
  const { bytes } = arrays
  const places = behindField(bytes, arrays.start(0))
  const contents = elementStarts(bytes, arrays.start(0))
  const starts = contents.length === range.rows ? contents : startsBy(bytes, elementStarts(bytes, places), contents)
  const startOf = (i: number): number | undefined => starts[i]
  const inPieces = bytes.includes('"$pieces"') ? await sizesOfPieces(client, between) : undefined
  return {
    isPlainly(i, record) {
      const start = startOf(i)
      return start !== undefined && isPlainlySame(bytes, start + 4, start + 4 + bytes.readInt32BE(start), record)
    },
    values(i) {
      const start = startOf(i)
      if (start === undefined) return notThere
      const content = bytes.toString('utf8', start + 4, start + 4 + bytes.readInt32BE(start))
      return decodeRow(content, table.compiled.affinities, (place, kind) => {
        const row = first + i
        return new StoredPieces(client, [table.id, row, place], kind, inPieces?.get(`${row} ${place}`) ?? 0)
      })
    },
  }
}

/** Where rows begin that are not all there, by their places. */
function startsBy(bytes: Buffer, places: Uint32Array, starts: Uint32Array): number[] {
  const by: number[] = []
  for (let i = 0; i < places.length; i++) by[bytes.readInt32BE((places[i] as number) + 4)] = starts[i] as number
  return by
}

/** The bytes of each value in pieces, by its row and place. */
async function sizesOfPieces(client: MigrationClient, between: string): Promise<Map<string, number>> {
  const pieces = await rowsOf<{ row: string; place: number; size: number }>(
    client,
    `SELECT row, place, sum(octet_length(bytes))::float8 AS size FROM migration_pieces WHERE ${between}
     GROUP BY row, place`,
  )
  return new Map(pieces.map(({ row, place, size }) => [`${row} ${place}`, size]))
}
