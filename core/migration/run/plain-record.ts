import type { RecordColumns } from '../analyze/reading/record-columns.ts'
import { longVarint, type StoredRecord, sizes, wholeAt } from '../analyze/reading/stored-record.ts'
import { numberBytes, writeAscii, writeWhole } from '../load/ascii.ts'

/** What stands around a value. */
const aroundBytes = 4

/** The most bytes that `layOutPlain` writes. */
export const plainBytes = ({ size, shape }: StoredRecord): number =>
  2 + size + shape.columns * (numberBytes + aroundBytes)

/**
 * Writes a row as `encodeRow` does, as COPY's text format has it, where nothing in it has to be escaped: NULL, ASCII, numbers.
 * Gives the place behind it; −1 for any other row.
 */
export function layOutPlain(into: Buffer, start: number, record: StoredRecord): number {
  const { bytes, body, shape } = record
  const { columns } = shape
  let types = record.types
  let next = body
  let at = start
  into[at++] = openBracket
  for (let column = 0; column < columns; column++) {
    let type = bytes[types++] as number
    if (type > 0x7f) {
      const long = longVarint(bytes, types - 1, body)
      type = long.value
      types = long.end
    }
    if (column > 0) {
      into[at++] = comma
      into[at++] = space
    }
    at = layOut(into, at, record, column, type, next)
    if (at < 0) return -1
    next += type >= 12 ? (type - 12) >>> 1 : (sizes[type] as number)
  }
  into[at++] = closeBracket
  return at
}

/** Writes a value as `naturalJson` does; gives the place behind it, −1 where it is not plain. */
export function layOutValue(into: Buffer, at: number, columns: RecordColumns, column: number): number {
  return layOut(into, at, columns, column, columns.types[column] as number, columns.starts[column] as number)
}

type Values = Pick<StoredRecord, 'bytes' | 'shape' | 'rowid'>

function layOut(into: Buffer, start: number, values: Values, column: number, type: number, from: number): number {
  const { bytes, shape } = values
  let at = start
  if (type >= 12) {
    if (type % 2 === 0) return -1
    const end = from + ((type - 12) >>> 1)
    into[at++] = quote
    for (let next = from; next < end; next++) {
      const unit = bytes[next] as number
      if (unit < space || unit > 0x7e || unit === quote || unit === backslash) return -1
      into[at++] = unit
    }
    into[at++] = quote
    return at
  }
  if (type === 0 && column !== shape.rowidAlias) return writeAscii(into, at, 'null')
  if (type === 7) {
    const number = bytes.readDoubleBE(from)
    if (!Number.isFinite(number) || Object.is(number, -0) || (!shape.reals[column] && Number.isInteger(number)))
      return -1
    return writeAscii(into, at, String(number))
  }
  const whole = Number(type === 0 ? values.rowid : wholeAt(bytes, from, type))
  return Number.isSafeInteger(whole) ? writeWhole(into, at, whole) : -1
}

const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const space = 0x20
const quote = 0x22
const backslash = 0x5c
