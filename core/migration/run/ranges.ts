import { CopyRows } from '../load/copy-rows.ts'
import { checksumsToBytes } from '../row-checksum.ts'
import type { Outcome } from './prepared-batch.ts'
import type { SourceRow } from './source-row.ts'

/** The ledger's entries of a batch: one for each run of rows with one outcome, in the order of migration_ranges' columns. */
export class Ranges {
  readonly #tableId: string
  readonly #done = new CopyRows()
  #outcome: Outcome | undefined
  #first = 0
  #firstId = 0n
  #ids = 0
  #widths: number[] = []
  #checksums: string[] = []
  #rowids: bigint[] = []

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
    this.#ids += width
    this.#widths.push(width)
    this.#checksums.push(checksum)
    if (rowid !== undefined) this.#rowids.push(rowid)
  }

  /** All entries; nothing may be added any more. */
  entries(): CopyRows {
    this.#end()
    return this.#done
  }

  #end(): void {
    if (this.#outcome === undefined) return
    const severalIds = this.#outcome === 'migrated' && this.#widths.some((width) => width !== 1)
    this.#done.add([
      this.#tableId,
      String(this.#first),
      String(this.#checksums.length),
      this.#outcome,
      this.#ids === 0 ? null : String(this.#firstId),
      String(this.#ids),
      severalIds ? `{${this.#widths.join(',')}}` : null,
      `\\x${checksumsToBytes(this.#checksums).toString('hex')}`,
      ...rowidsOf(this.#rowids),
    ])
    this.#outcome = undefined
    this.#ids = 0
    this.#widths = []
    this.#checksums = []
    this.#rowids = []
  }
}

/** Rowids one after another from a first one; or all of them, eight bytes each; or none. */
function rowidsOf(rowids: readonly bigint[]): [first: string | null, all: string | null] {
  const [first] = rowids
  if (first === undefined) return [null, null]
  let next = first
  if (rowids.every((rowid) => rowid === next++)) return [String(first), null]
  const bytes = Buffer.alloc(8 * rowids.length)
  for (const [i, rowid] of rowids.entries()) bytes.writeBigInt64BE(rowid, 8 * i)
  return [null, `\\x${bytes.toString('hex')}`]
}
