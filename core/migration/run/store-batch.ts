import { columns } from '../../records/columns.ts'
import type { CompiledTable, TargetRow } from '../convert/conversion.ts'
import { copyInto, inTransaction, type MigrationClient, rowsOf } from '../load/migration-client.ts'
import { encodeValue } from '../value.ts'
import { encodeRow, type SourceRow } from './source-row.ts'
import { findTaken } from './unique-targets.ts'

export type Outcome = 'migrated' | 'legacy' | 'rejected'
export type Moved = Record<Outcome, number> & { rows: number; target_rows: number }

/** Tries to get ids one after another while others write to the target, before it is locked for a moment. */
const idAttempts = 5

/**
 * Gives each row of a batch its outcome: in one transaction with the ledger and the checkpoint, so that none is moved twice
 * or lost wherever this is stopped. Where Postgres refuses the batch for what is in it, it is halved until the row at
 * fault stands alone, and that one is rejected.
 */
export async function storeBatch(
  client: MigrationClient,
  tableId: string,
  compiled: CompiledTable,
  rows: readonly SourceRow[],
): Promise<Moved> {
  try {
    return await inTransaction(client, () => store(client, tableId, compiled, rows))
  } catch (error) {
    const fault = dataFault(error)
    if (fault === undefined) throw error
    const [row] = rows
    if (row && rows.length === 1) {
      const rejected = { ...row, conversion: { outcome: 'rejected', column: '', value: null, reason: fault } as const }
      return inTransaction(client, () => store(client, tableId, compiled, [rejected]))
    }
    const half = Math.ceil(rows.length / 2)
    const first = await storeBatch(client, tableId, compiled, rows.slice(0, half))
    const second = await storeBatch(client, tableId, compiled, rows.slice(half))
    return sum(first, second)
  }
}

/** What Postgres says of data that it does not take: SQLSTATE classes 22 and 23. */
function dataFault(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  return /^2[23]/.test(code) && error instanceof Error ? `Postgres refuses it: ${error.message}` : undefined
}

type Settled = { row: SourceRow; outcome: Outcome; targets: readonly TargetRow[]; column: string; reason: string }

async function store(
  client: MigrationClient,
  tableId: string,
  compiled: CompiledTable,
  rows: readonly SourceRow[],
): Promise<Moved> {
  const [first] = rows
  if (!first) return { rows: 0, migrated: 0, legacy: 0, rejected: 0, target_rows: 0 }
  const settled = await settle(client, compiled, rows)
  const targets = settled.flatMap((one) => one.targets)
  const firstId = targets.length === 0 ? 0n : await reserveIds(client, compiled.target, targets.length)
  const withIds = targets.map((target, i) => [String(firstId + BigInt(i)), ...target])
  if (targets.length > 0) await copyInto(client, compiled.target, ['id', ...compiled.columns], withIds)
  await keep(client, tableId, settled)
  await copyInto(client, 'migration_ranges', columns.migration_ranges, rangesOf(tableId, settled, firstId))
  const count = (outcome: Outcome) => settled.filter((one) => one.outcome === outcome).length
  const moved = {
    rows: rows.length,
    migrated: count('migrated'),
    legacy: count('legacy'),
    rejected: count('rejected'),
    target_rows: targets.length,
  }
  const checkpoint = await rowsOf(
    client,
    `UPDATE migration_tables SET rows = rows + $2, migrated = migrated + $3, legacy = legacy + $4,
       rejected = rejected + $5, target_rows = target_rows + $6 WHERE id = $1 AND rows = $7 RETURNING id`,
    [tableId, moved.rows, moved.migrated, moved.legacy, moved.rejected, moved.target_rows, first.place],
  )
  if (checkpoint.length === 0) throw new Error('another run works on this table')
  return moved
}

/** Decides what becomes of each row, the target's uniqueness included. */
async function settle(
  client: MigrationClient,
  compiled: CompiledTable,
  rows: readonly SourceRow[],
): Promise<Settled[]> {
  const candidates = rows.flatMap(({ conversion }) => (conversion.outcome === 'migrated' ? conversion.rows : []))
  const taken = await findTaken(client, compiled, candidates)
  return rows.map((row): Settled => {
    const { conversion } = row
    const none = { row, targets: [], column: '', reason: '' }
    if (conversion.outcome === 'legacy') return { ...none, outcome: 'legacy' }
    if (conversion.outcome === 'rejected') {
      return { ...none, outcome: 'rejected', column: conversion.column, reason: conversion.reason }
    }
    if (conversion.rows.some(taken)) {
      return { ...none, outcome: 'rejected', reason: `${compiled.target} has a row with the same key already` }
    }
    return { ...none, outcome: 'migrated', targets: conversion.rows }
  })
}

/** The first of so many ids one after another: nobody else gets any of them. */
async function reserveIds(client: MigrationClient, target: string, count: number): Promise<bigint> {
  for (let attempt = 1; ; attempt++) {
    // others take ids from the sequence between ours only while they may write
    if (attempt > idAttempts) await client.query(`LOCK TABLE ${target} IN SHARE ROW EXCLUSIVE MODE`)
    const [ids] = await rowsOf<{ least: string; most: string }>(
      client,
      `SELECT min(id)::text AS least, max(id)::text AS most FROM (
         SELECT nextval(pg_get_serial_sequence($1, 'id')) AS id FROM generate_series(1, $2::int)
       ) reserved`,
      [target, count],
    )
    const least = BigInt(ids?.least ?? 0)
    if (BigInt(ids?.most ?? 0) - least === BigInt(count - 1)) return least
  }
}

/** Writes what the target does not give back: kept values, legacy rows, rejected rows. */
async function keep(client: MigrationClient, tableId: string, settled: readonly Settled[]): Promise<void> {
  const kept: string[][] = []
  const legacy: string[][] = []
  const rejects: string[][] = []
  const pieces: string[][] = []
  for (const { row, outcome, column, reason } of settled) {
    const { conversion } = row
    const place = String(row.place)
    if (outcome === 'migrated') {
      if (conversion.outcome === 'migrated' && conversion.kept !== null) {
        kept.push([tableId, place, JSON.stringify(conversion.kept)])
      }
      continue
    }
    const encoded = encodeRow(row.values)
    for (const { place: at, piece, bytes } of encoded.pieces) {
      pieces.push([tableId, place, String(at), String(piece), `\\x${bytes.toString('hex')}`])
    }
    if (outcome === 'legacy') legacy.push([tableId, place, encoded.content])
    else {
      const value = conversion.outcome === 'rejected' ? encodeValue(conversion.value) : null
      rejects.push([tableId, place, column, JSON.stringify(value), reason, encoded.content])
    }
  }
  await copyInto(client, 'migration_kept', columns.migration_kept, kept)
  await copyInto(client, 'legacy_rows', columns.legacy_rows, legacy)
  await copyInto(client, 'migration_rejects', columns.migration_rejects, rejects)
  await copyInto(client, 'migration_pieces', columns.migration_pieces, pieces)
}

/** One entry for each run of rows with one outcome. */
function rangesOf(tableId: string, settled: readonly Settled[], firstId: bigint): (string | null)[][] {
  const ranges: (string | null)[][] = []
  let id = firstId
  for (let at = 0; at < settled.length; ) {
    const outcome = settled[at]?.outcome
    let end = at
    while (settled[end]?.outcome === outcome) end++
    const part = settled.slice(at, end)
    const widths = part.map(({ targets }) => targets.length)
    const ids = widths.reduce((total, width) => total + width, 0)
    ranges.push([
      tableId,
      String(part[0]?.row.place),
      String(part.length),
      String(outcome),
      ids === 0 ? null : String(id),
      String(ids),
      outcome === 'migrated' && widths.some((width) => width !== 1) ? `{${widths.join(',')}}` : null,
      `\\x${Buffer.concat(part.map(({ row }) => row.checksum)).toString('hex')}`,
      ...rowidsOf(part.map(({ row }) => row.rowid)),
    ])
    id += BigInt(ids)
    at = end
  }
  return ranges
}

/** Rowids one after another from a first one; or all of them, eight bytes each; or none. */
function rowidsOf(rowids: (bigint | undefined)[]): [first: string | null, all: string | null] {
  const [first] = rowids
  if (first === undefined) return [null, null]
  if (rowids.every((rowid, i) => rowid === first + BigInt(i))) return [String(first), null]
  const bytes = Buffer.alloc(8 * rowids.length)
  for (const [i, rowid] of rowids.entries()) bytes.writeBigInt64BE(rowid ?? 0n, 8 * i)
  return [null, `\\x${bytes.toString('hex')}`]
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
