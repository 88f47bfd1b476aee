import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { readDatabase } from '../analyze/reading/catalogue.ts'
import { describeFault, diagnoseError } from '../analyze/reading/diagnose.ts'
import { openPrivateCopy, type PrivateCopy } from '../analyze/reading/private-copy.ts'
import { StoredRecord } from '../analyze/reading/stored-record.ts'
import type { AnalysedRow, AnalysedTable } from '../analyze/source.ts'
import { sameValue } from '../convert/same-value.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import { largestOf } from '../plan/plan.ts'
import { rowChecksum, sourceChecksum, streamedChecksum } from '../row-checksum.ts'
import { onlyPlaces, rejectedPlaces } from '../run/rejected-rows.ts'
import { hashSource } from '../run/source-file.ts'
import type { SqliteValue } from '../value.ts'
import { findRun } from './find-run.ts'
import { isHeld, type MovedTable, type MovedValue, movedRanges, type Part } from './read-moved.ts'
import { standingTables } from './standing-tables.ts'

export type Difference = { file: string; table: string; row?: number; what: string }

export type Verification = {
  run: string
  verified: boolean
  /** Rows that were compared, of the sources and of where they went. */
  rows: { source: number; moved: number }
  differences: Difference[]
  /** How many more differences there are than are listed. */
  more: number
}

const mostListed = 1_000
/** Rows that are compared before the connection gets its turn. */
const rowsATurn = 128

/**
 * Compares a run's sources with what is in Postgres, row by row and without trusting the run's own counts: sources are
 * read and counted anew, targets are read back and turned into source rows again, value by value the same, and the source's
 * rows must have the checksums that the ledger has. Rows that another run had moved before are compared with what that one
 * moved. Raises migration.unknown.
 */
export async function verifyRun(client: MigrationClient, id: string, folder: string): Promise<Verification> {
  await client.query("SET TIME ZONE 'UTC'")
  const run = await findRun(client, id)
  const result: Verification = { run: id, verified: false, rows: { source: 0, moved: 0 }, differences: [], more: 0 }
  const differ = (difference: Difference) => {
    if (result.differences.length < mostListed) result.differences.push(difference)
    else result.more++
  }
  const tables = await standingTables(client, run)
  const files = await rowsOf<{ path: string; sha256: string | null; fault: string | null }>(
    client,
    'SELECT path, sha256, fault FROM migration_files WHERE run_id = $1 ORDER BY id',
    [id],
  )
  for (const { path, sha256 } of files) {
    if (sha256 === null) continue
    const ofFile = tables.filter((table) => table.path === path)
    await withSource(join(folder, path), sha256, largestOf(run.plan), async (found) => {
      if (typeof found === 'string') differ({ file: path, table: '', what: found })
      for (const table of ofFile) {
        const whole = typeof found === 'string' ? undefined : found.get(table.name)
        const source =
          whole && run.retries !== null
            ? onlyPlaces(whole, await rejectedPlaces(client, run.retries, path, table.name))
            : whole
        await verifyTable(client, table, source, result, differ)
      }
    })
  }
  result.verified = result.differences.length === 0
  return result
}

/** Whether what was moved is what the source has; where that cannot be had, what it had by its checksum. */
async function isMoved(
  values: readonly MovedValue[],
  source: readonly SqliteValue[] | undefined,
  checksum: bigint,
): Promise<boolean> {
  if (!isHeld(values)) return (await streamedChecksum(values)) === checksum
  return source ? sameRow(values, source) : rowChecksum(values) === checksum
}

function sameRow(one: readonly SqliteValue[], other: readonly SqliteValue[]): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (!sameValue(one[at] ?? null, other[at] ?? null)) return false
  return true
}

async function withSource(
  file: string,
  sha256: string,
  largest: number,
  use: (found: Map<string, AnalysedTable> | string) => Promise<void>,
): Promise<void> {
  // to hash it takes a processor, to copy it a disk: of the few that have changed a copy is made in vain
  const [hash, copied] = await Promise.allSettled([hashSource(file), openPrivateCopy(file)])
  const copy = copied.status === 'fulfilled' ? copied.value : undefined
  try {
    if (hash.status === 'rejected') return await use(`the source cannot be read: ${(hash.reason as Error).message}`)
    if (hash.value !== sha256) return await use('the source has changed since it was moved')
    if (copied.status === 'rejected') return await use(`the source cannot be read: ${copied.reason.message}`)
    await use(tablesOf(copied.value, largest))
  } finally {
    await copy?.close()
  }
}

/** The tables of a file by their names; or why nothing of it can be read. */
function tablesOf(copy: PrivateCopy, largest: number): Map<string, AnalysedTable> | string {
  if ('fault' in copy) return describeFault(copy.fault)
  try {
    return new Map(readDatabase(copy.database, largest).tables.map((table) => [table.name, table]))
  } catch (error) {
    return describeFault(diagnoseError(error))
  }
}

/**
 * A source and what became of it are read side by side: rows missing at either end are told by their places. Of a part, what
 * is behind it is not looked at; gives the row at which it was stopped, if it was.
 */
export async function verifyTable(
  client: MigrationClient,
  table: MovedTable,
  source: AnalysedTable | undefined,
  result: Pick<Verification, 'rows'>,
  differ: (difference: Difference) => void,
  part: Part = { from: 0, stop: () => false },
): Promise<number | undefined> {
  const at = { file: table.path, table: table.name }
  const gap = (what: string) => {
    if (table.state === 'done') differ({ ...at, what })
  }
  const rows = source?.rows(gap)[Symbol.iterator]()
  try {
    return await compareRows(client, table, rows, result, differ, part)
  } finally {
    // its file is closed with it
    rows?.return?.()
  }
}

async function compareRows(
  client: MigrationClient,
  table: MovedTable,
  rows: Iterator<AnalysedRow> | undefined,
  result: Pick<Verification, 'rows'>,
  differ: (difference: Difference) => void,
  part: Part,
): Promise<number | undefined> {
  const at = { file: table.path, table: table.name }
  let place = 0
  while (rows && place < part.from && !rows.next().done) place++
  for await (const range of movedRanges(client, table, part.from)) {
    result.rows.moved += range.rows
    for (let i = 0; i < range.rows; i++) {
      if (i % rowsATurn === 0) await turn()
      const checksum = range.checksum(i)
      const row = range.first + i
      const next = rows?.next()
      if (next?.done) differ({ ...at, row, what: 'it is not in the source' })
      else if (next) {
        result.rows.source++
        place++
        if (sourceChecksum(next.value) !== checksum) {
          differ({ ...at, row, what: 'the ledger has another checksum than the source' })
        }
        if (!range.isRowid(i, next.value.rowid)) {
          differ({ ...at, row, what: 'the ledger has another rowid than the source' })
        }
      }
      const read = next?.value
      if (read instanceof StoredRecord && range.isPlainly(i, read)) continue
      const values = range.values(i)
      if (typeof values === 'string') differ({ ...at, row, what: values })
      else if (!(await isMoved(values, next?.value?.values, checksum))) {
        differ({ ...at, row, what: `what was moved (${range.outcome}) is not what the source had` })
      }
    }
    if (part.stop()) return range.first + range.rows
  }
  for (let next = rows?.next(); next && !next.done; next = rows?.next()) {
    result.rows.source++
    differ({ ...at, row: place++, what: 'it has no outcome' })
  }
  return undefined
}
