import { columns } from '../../records/columns.ts'
import type { CompiledTable } from '../convert/conversion.ts'
import { copyPieces } from '../load/copy-pieces.ts'
import { type CopySource, copyInto, inTransaction, type MigrationClient, rowsOf } from '../load/migration-client.ts'
import type { PlainTarget } from './plain-target.ts'
import { type Moved, PreparedBatch } from './prepared-batch.ts'
import { ReservedIds } from './reserve-ids.ts'
import { heldRow, type SourceRow } from './source-row.ts'
import { findTaken, isUnique } from './unique-targets.ts'

/** Where the rows of one source table go. */
export type TableStore = {
  client: MigrationClient
  /** Connections that store batches side by side; the first one may be `client` itself. */
  lanes: readonly [MigrationClient, ...MigrationClient[]]
  tableId: string
  compiled: CompiledTable
  /** Lays out rows of the target without converting them, where its rules are plain. */
  plain: PlainTarget | undefined
  ids: ReservedIds
  /** Reads rows of the source once more, from a place on. */
  reread(first: number): Iterable<SourceRow>
}

/** Prepares a batch of rows whose keys may be taken, or which were prepared before. Outside of any transaction. */
export async function prepareRows(store: TableStore, rows: readonly SourceRow[]): Promise<PreparedBatch> {
  const { client, compiled, ids } = store
  const targets = rows.flatMap(({ conversion }) => (conversion.outcome === 'migrated' ? conversion.rows : []))
  if (!ids.has(targets.length)) await ids.reserve(targets.length)
  const taken = isUnique(compiled) ? await findTaken(client, compiled, targets) : undefined
  const batch = new PreparedBatch(store, rows[0]?.place ?? 0)
  for (const row of rows) batch.add(row, taken)
  return batch
}

/**
 * Stores a batch in one transaction with the ledger and the checkpoint, so that no row is moved twice or lost wherever this
 * is stopped. Where Postgres refuses the batch for what is in it, its rows are read again and it is halved until the row at
 * fault stands alone, and that one is rejected. Its checkpoint comes after the one of the batch before it: only then is it
 * committed, and not if that one fails.
 */
export async function storeBatch(store: TableStore, batch: PreparedBatch, before?: Promise<unknown>): Promise<Moved> {
  const fault = await tryToStore(store, batch, before)
  if (fault === undefined) return batch.moved
  await before
  const again: SourceRow[] = []
  for (const row of store.reread(batch.first)) {
    again.push(heldRow(row))
    if (again.length === batch.moved.rows) break
  }
  if (again.length < batch.moved.rows) throw new Error('rows that were read before cannot be read again')
  return storeHalves(store, batch, again, fault)
}

/**
 * The ids that are used belong to the batch that was refused. Others could not be reserved: to lock the target would be to
 * wait for a batch on another connection, which waits for this one.
 */
async function storeHalves(
  all: TableStore,
  refused: PreparedBatch,
  rows: readonly SourceRow[],
  fault: string,
): Promise<Moved> {
  const { firstId, moved: had } = refused
  const store = { ...all, ids: ReservedIds.again(all.client, all.compiled.target, firstId, had.target_rows) }
  const [row] = rows
  if (row && rows.length === 1) {
    const { place, rowid, values, checksum, bytes } = row
    const conversion = { outcome: 'rejected', column: '', value: null, reason: fault } as const
    const rejected: SourceRow = { place, rowid, values, checksum, bytes, conversion }
    const alone = await prepareRows(store, [rejected])
    const still = await tryToStore(store, alone)
    if (still !== undefined) throw new Error(`a rejected row cannot be kept: ${still}`)
    return alone.moved
  }
  const half = Math.ceil(rows.length / 2)
  let moved: Moved = { rows: 0, migrated: 0, legacy: 0, rejected: 0, target_rows: 0 }
  for (const part of [rows.slice(0, half), rows.slice(half)]) {
    const batch = await prepareRows(store, part)
    const partFault = await tryToStore(store, batch)
    moved = sum(moved, partFault === undefined ? batch.moved : await storeHalves(store, batch, part, partFault))
  }
  return moved
}

/** What Postgres has against the data of a batch; undefined when it was stored. */
async function tryToStore(
  store: TableStore,
  batch: PreparedBatch,
  before?: Promise<unknown>,
): Promise<string | undefined> {
  try {
    await inTransaction(store.client, async () => {
      await write(store, batch)
      await before
      await moveCheckpoint(store, batch)
    })
    return undefined
  } catch (error) {
    const fault = dataFault(error)
    if (fault === undefined) throw error
    return fault
  }
}

/**
 * What Postgres says of data that it does not take: SQLSTATE classes 22 (data) and 23 (constraints), and 54 for what is too
 * large or too deep.
 */
function dataFault(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  return /^(?:22|23|54)/.test(code) && error instanceof Error ? `Postgres refuses it: ${error.message}` : undefined
}

async function write({ client, tableId, compiled }: TableStore, batch: PreparedBatch): Promise<void> {
  const copies: [table: string, columns: readonly string[], rows: CopySource][] = [
    [compiled.target, ['id', ...compiled.columns], batch.targets],
    ['migration_kept', columns.migration_kept, batch.kept],
    ['legacy_rows', columns.legacy_rows, batch.legacy],
    ['migration_rejects', columns.migration_rejects, batch.rejects],
    ['migration_ranges', columns.migration_ranges, batch.ranges.entries()],
  ]
  for (const [table, names, rows] of copies) if (rows.rows() > 0) await copyInto(client, table, names, rows)
  if (batch.large.length > 0) await copyPieces(client, tableId, batch.large)
}

async function moveCheckpoint({ client, tableId }: TableStore, { moved, first }: PreparedBatch): Promise<void> {
  const checkpoint = await rowsOf(
    client,
    `UPDATE migration_tables SET rows = rows + $2, migrated = migrated + $3, legacy = legacy + $4,
       rejected = rejected + $5, target_rows = target_rows + $6 WHERE id = $1 AND rows = $7 RETURNING id`,
    [tableId, moved.rows, moved.migrated, moved.legacy, moved.rejected, moved.target_rows, first],
  )
  if (checkpoint.length === 0) throw new Error('another run works on this table')
}

function sum(one: Moved, other: Moved): Moved {
  return {
    rows: one.rows + other.rows,
    migrated: one.migrated + other.migrated,
    legacy: one.legacy + other.legacy,
    rejected: one.rejected + other.rejected,
    target_rows: one.target_rows + other.target_rows,
  }
}
