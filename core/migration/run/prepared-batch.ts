import type { StoredRecord } from '../analyze/reading/stored-record.ts'
import type { CompiledTable, TargetRow } from '../convert/conversion.ts'
import { BinaryRows } from '../load/binary-rows.ts'
import type { Large } from '../load/copy-pieces.ts'
import { CopyRows } from '../load/copy-rows.ts'
import { encodeValue } from '../value.ts'
import { encodeRow, valueUpTo } from './encode-row.ts'
import { layOutPlain, plainBytes } from './plain-record.ts'
import type { PlainTarget } from './plain-target.ts'
import { Ranges } from './ranges.ts'
import type { ReservedIds } from './reserve-ids.ts'
import type { SourceRow } from './source-row.ts'
import type { TableStore } from './store-batch.ts'
import { takenReason } from './unique-targets.ts'

/** Bytes of a value that is told with the reason why its row was rejected; the row itself has it in any case. */
const largestReject = 32 * 1_048_576

export type Outcome = 'migrated' | 'legacy' | 'rejected'
export type Moved = Record<Outcome, number> & { rows: number; target_rows: number }

/**
 * A batch of source rows one after another, laid out for COPY as they come: of the rows themselves nothing is held.
 * Its target rows get ids one after another: no more may be reserved while it is made.
 */
export class PreparedBatch {
  /** The place of the first row. */
  readonly first: number
  readonly moved: Moved = { rows: 0, migrated: 0, legacy: 0, rejected: 0, target_rows: 0 }
  readonly targets: CopyRows | BinaryRows
  readonly kept = new CopyRows()
  readonly legacy = new CopyRows()
  readonly rejects = new CopyRows()
  readonly ranges: Ranges
  readonly large: { row: number; values: Large[] }[] = []
  readonly #tableId: string
  readonly #compiled: CompiledTable
  readonly #plain: PlainTarget | undefined
  readonly #ids: ReservedIds
  /** The id of the first target row; those of the others come after it. */
  firstId = 0n

  constructor({ tableId, compiled, plain, ids }: TableStore, first: number) {
    this.first = first
    this.targets = compiled.target === 'agent_metrics' ? new BinaryRows(compiled.kinds) : new CopyRows()
    this.ranges = new Ranges(tableId)
    this.#tableId = tableId
    this.#compiled = compiled
    this.#plain = plain
    this.#ids = ids
  }

  /** Gives a row its outcome; its ids must be there. `taken` tells target rows whose key the target has already. */
  add(row: SourceRow, taken?: (row: TargetRow) => boolean): void {
    this.moved.rows++
    if (row.record && this.#plain && !taken && this.#addPlain(row, row.record, this.#plain)) return
    const { conversion, place } = row
    if (conversion.outcome !== 'migrated' || (taken && conversion.rows.some(taken))) {
      this.#keepWhole(row)
      return
    }
    const { rows, kept } = conversion
    let id = this.#ids.take(rows.length)
    if (this.moved.target_rows === 0) this.firstId = id
    this.ranges.add(row, 'migrated', id, rows.length)
    for (const target of rows) {
      if (this.targets instanceof BinaryRows) this.targets.add(target, id++)
      else this.targets.add(target, String(id++))
    }
    if (kept !== null) this.kept.add([JSON.stringify(kept)], `${this.#tableId}\t${place}`)
    this.moved.migrated++
    this.moved.target_rows += rows.length
  }

  #addPlain(row: SourceRow, record: StoredRecord, { most, layOut }: PlainTarget): boolean {
    if (!(this.targets instanceof BinaryRows)) return false
    const id = this.#ids.next
    if (!this.targets.addLaidOut(id, most(record), layOut, record)) return false
    this.#ids.take(1)
    if (this.moved.target_rows === 0) this.firstId = id
    this.ranges.add(row, 'migrated', id, 1)
    this.moved.migrated++
    this.moved.target_rows++
    return true
  }

  /** Puts a row without a target where it is kept as it is. */
  #keepWhole(row: SourceRow): void {
    const { conversion, place, record } = row
    const outcome = conversion.outcome === 'legacy' ? 'legacy' : 'rejected'
    this.ranges.add(row, outcome, 0n, 0)
    this.moved[outcome]++
    if (outcome === 'legacy' && record) {
      if (this.legacy.addLaidOut(this.#tableId, place, plainBytes(record), layOutPlain, record)) return
    }
    const start = `${this.#tableId}\t${place}`
    const { content, large } = encodeRow(row.values, this.#compiled.affinities)
    if (large.length > 0) this.large.push({ row: place, values: large })
    if (conversion.outcome === 'legacy') this.legacy.add([content], start)
    else {
      const { column, value, reason } =
        conversion.outcome === 'rejected'
          ? conversion
          : { column: '', value: null, reason: takenReason(this.#compiled.target) }
      this.rejects.add([column, JSON.stringify(encodeValue(valueUpTo(largestReject, value))), reason, content], start)
    }
  }
}
