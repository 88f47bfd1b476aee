import { StoredRecord } from '../analyze/reading/stored-record.ts'
import type { AnalysedTable } from '../analyze/source.ts'
import type { CompiledTable, Conversion } from '../convert/conversion.ts'
import { recordChecksum, rowChecksum } from '../row-checksum.ts'
import type { SqliteValue } from '../value.ts'
import { sizeOf } from './encode-row.ts'

/** A row of a source with what becomes of it. `place` counts the rows of its table in key order, from 0. */
export type SourceRow = {
  place: number
  rowid: bigint | undefined
  readonly values: readonly SqliteValue[]
  /** The row as its file has it, where it was read so. */
  record?: StoredRecord
  checksum: bigint
  bytes: number
  readonly conversion: Conversion
}

/** The rows of a table from one place on, each converted. */
export function* sourceRows(
  table: AnalysedTable,
  compiled: CompiledTable,
  from: number,
  gap: (what: string) => void,
): Generator<SourceRow> {
  let place = 0
  for (const row of table.rows(gap)) {
    // the source is the same as when it was begun: its rows come in the same order
    if (place >= from) {
      if (row instanceof StoredRecord) yield new StoredRow(place, row, compiled)
      else {
        const { rowid, values } = row
        let bytes = 0
        for (let at = 0; at < values.length; at++) bytes += sizeOf(values[at] as SqliteValue)
        yield { place, rowid, values, checksum: rowChecksum(values), bytes, conversion: compiled.convert(values) }
      }
    }
    place++
  }
}

/** Of a row that is kept as it is, no value has to be made. */
class StoredRow implements SourceRow {
  readonly place: number
  readonly rowid: bigint
  readonly record: StoredRecord
  readonly checksum: bigint
  readonly bytes: number
  readonly #compiled: CompiledTable
  #conversion: Conversion | undefined
  #values: SqliteValue[] | undefined

  constructor(place: number, record: StoredRecord, compiled: CompiledTable) {
    this.place = place
    this.rowid = record.rowid
    this.record = record
    this.checksum = recordChecksum(record)
    this.bytes = record.size
    this.#compiled = compiled
  }

  /** Made when it is asked for: rows that are plain need none. */
  get conversion(): Conversion {
    this.#conversion ??= this.#compiled.target === 'legacy' ? legacy : this.#compiled.convert(this.values)
    return this.#conversion
  }

  get values(): readonly SqliteValue[] {
    this.#values ??= this.record.values
    return this.#values
  }
}

/** A row that is held with many others: not as a record, which keeps all that was read of the file along with it. */
export function heldRow({ place, rowid, values, checksum, bytes, conversion }: SourceRow): SourceRow {
  return { place, rowid, values, checksum, bytes, conversion }
}

const legacy: Conversion = { outcome: 'legacy' }
