import type { AnalysedTable } from '../analyze/source.ts'
import type { CompiledTable, Conversion } from '../convert/conversion.ts'
import { rowChecksum } from '../row-checksum.ts'
import { encodeValue, InvalidText, type SqliteValue } from '../value.ts'

/** A row of a source with what becomes of it. `place` counts the rows of its table in key order, from 0. */
export type SourceRow = {
  place: number
  rowid: bigint | undefined
  values: readonly SqliteValue[]
  checksum: Buffer
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
      yield {
        place,
        rowid,
        values,
        checksum: rowChecksum(values),
        bytes: values.reduce<number>((sum, value) => sum + sizeOf(value), 0),
        conversion: compiled.convert(values),
      }
    }
    place++
  }
}

/** Values of more bytes than this are stored in pieces. */
const largestInline = 1_048_576
const pieceBytes = 8 * 1_048_576

export type Piece = { place: number; piece: number; bytes: Buffer }

/** A whole row as JSON that JSONB takes, and the pieces of those values that are too large for it. */
export function encodeRow(values: readonly SqliteValue[]): { content: string; pieces: Piece[] } {
  const pieces: Piece[] = []
  const content = values.map((value, place) => {
    if (sizeOf(value) <= largestInline) return encodeValue(value)
    const [kind, bytes] = bytesOf(value)
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      pieces.push({ place, piece: at / pieceBytes, bytes: bytes.subarray(at, at + pieceBytes) })
    }
    return { $pieces: kind }
  })
  return { content: JSON.stringify(content), pieces }
}

function sizeOf(value: SqliteValue): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  return (value instanceof Uint8Array ? value : value.bytes).byteLength
}

function bytesOf(value: SqliteValue): [kind: string, bytes: Buffer] {
  if (typeof value === 'string') {
    return value.isWellFormed() ? ['utf8', Buffer.from(value)] : ['utf16', Buffer.from(value, 'utf16le')]
  }
  if (value instanceof InvalidText) return ['text', Buffer.from(value.bytes)]
  return ['blob', Buffer.from(value as Uint8Array)]
}
