import type { AnalysedTable } from '../analyze/source.ts'
import type { CompiledTable, Conversion } from '../convert/conversion.ts'
import { rowChecksum } from '../row-checksum.ts'
import type { SqliteValue } from '../value.ts'
import { sizeOf } from './encode-row.ts'

/** A row of a source with what becomes of it. `place` counts the rows of its table in key order, from 0. */
export type SourceRow = {
  place: number
  rowid: bigint | undefined
  values: readonly SqliteValue[]
  checksum: string
  bytes: number
  conversion: Conversion
}

/** The rows of a table from one place on, each converted. */
export function* sourceRows(
  table: AnalysedTable,
  compiled: CompiledTable,
  from: number,
  gap: (what: string) => void,
): Generator<SourceRow> {
  let rowid: bigint | undefined
  let place = 0
  const rows = table.rows(gap, (key) => {
    rowid = key
  })
  for (const values of rows) {
    // the source is the same as when it was begun: its rows come in the same order
    if (place >= from) {
      let bytes = 0
      for (let at = 0; at < values.length; at++) bytes += sizeOf(values[at] as SqliteValue)
      yield { place, rowid, values, checksum: rowChecksum(values), bytes, conversion: compiled.convert(values) }
    }
    place++
  }
}
