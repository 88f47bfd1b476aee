import { CopyRows } from '../load/copy-rows.ts'
import { checksumBytes, putChecksum } from '../row-checksum.ts'
import type { Outcome } from './prepared-batch.ts'
import type { SourceRow } from './source-row.ts'

/** Rows for which there is room at first. */
const firstRoom = 512

/**
 * The ledger's entries of a batch: one for each run of rows with one outcome, in the order of migration_ranges' columns. What
 * they say of each row is written to where it stays: objects by the thousand would be the garbage collector's.
 */
export class Ranges {
  readonly #tableId: string
  readonly #done = new CopyRows()
  #outcome: Outcome | undefined
  #first = 0
  #firstId = 0n
  #ids = 0
  #rows = 0
  /** Of rows that became several; undefined while each became one. */
  #widths: number[] | undefined
  #checksums = Buffer.alloc(firstRoom * checksumBytes)
  #view = viewOf(this.#checksums)
  #rowids = new BigInt64Array(firstRoom)
  #hasRowids = false

  constructor(tableId: string) {
    this.#tableId = tableId
  }

  /** `width` is the number of target rows that it became, the first of which has this id. */
  add({ place, rowid, checksum }: SourceRow, outcome: Outcome, id: bigint, width: number): void {
    if (this.#outcome !== outcome) {
      this.#end()
      this.#outcome = outcome
      this.#first = place
      this.#firstId = id
    }
    if (this.#rows === this.#rowids.length) this.#makeRoom()
    putChecksum(this.#view, this.#rows, checksum)
    this.#hasRowids = rowid !== undefined
    if (rowid !== undefined) this.#rowids[this.#rows] = rowid
    if (outcome === 'migrated' && width !== 1) this.#widths ??= new Array<number>(this.#rows).fill(1)
    this.#widths?.push(width)
    this.#ids += width
    this.#rows++
  }

  /** All entries; nothing may be added any more. */
  entries(): CopyRows {
    this.#end()
    return this.#done
  }

  #makeRoom(): void {
    const [checksums, rowids] = [this.#checksums, this.#rowids]
    this.#checksums = Buffer.alloc(2 * checksums.length)
    this.#checksums.set(checksums)
    this.#view = viewOf(this.#checksums)
    this.#rowids = new BigInt64Array(2 * rowids.length)
    this.#rowids.set(rowids)
  }

  #end(): void {
    if (this.#outcome === undefined) return
    this.#done.add([
      this.#tableId,
      String(this.#first),
      String(this.#rows),
      this.#outcome,
      this.#ids === 0 ? null : String(this.#firstId),
      String(this.#ids),
      this.#widths ? `{${this.#widths.join(',')}}` : null,
      `\\x${this.#checksums.toString('hex', 0, this.#rows * checksumBytes)}`,
      ...(this.#hasRowids ? rowidsOf(this.#rowids.subarray(0, this.#rows)) : [null, null]),
    ])
    this.#outcome = undefined
    this.#ids = 0
    this.#rows = 0
    this.#widths = undefined
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer) => new DataView(buffer, byteOffset, byteLength)

/** Rowids one after another from a first one; or all of them, eight bytes each. */
function rowidsOf(rowids: BigInt64Array): [first: string | null, all: string | null] {
  const first = rowids[0] ?? 0n
  let next = first
  if (rowids.every((rowid) => rowid === next++)) return [String(first), null]
  const bytes = Buffer.alloc(8 * rowids.length)
  for (const [i, rowid] of rowids.entries()) bytes.writeBigInt64BE(rowid, 8 * i)
  return [null, `\\x${bytes.toString('hex')}`]
}
