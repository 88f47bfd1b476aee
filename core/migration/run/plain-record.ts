import { RecordColumns } from '../analyze/reading/record-columns.ts'
import { type StoredRecord, wholeAt } from '../analyze/reading/stored-record.ts'
import { numberBytes, writeAscii, writeWhole } from '../load/ascii.ts'

/** What stands around a value. */
const aroundBytes = 4

/** The most bytes that `layOutPlain` writes. */
export const plainBytes = ({ size, shape }: StoredRecord): number =>
  2 + size + shape.columns * (numberBytes + aroundBytes)

let last = new RecordColumns(0)

/**
 * Writes a row as `encodeRow` does, as COPY's text format has it, where nothing in it has to be escaped: NULL, ASCII, numbers.
 * Gives the place behind it; −1 for any other row.
 */
export function layOutPlain(into: Buffer, start: number, record: StoredRecord): number {
  const { columns } = record.shape
  // rows of one table come one after another
  if (last.types.length !== columns) last = new RecordColumns(columns)
  last.read(record)
  let at = start
  into[at++] = openBracket
  for (let column = 0; column < columns; column++) {
    if (column > 0) {
      into[at++] = comma
      into[at++] = space
    }
    at = layOutValue(into, at, last, column)
    if (at < 0) break
  }
  last.forget()
  if (at < 0) return -1
  into[at++] = closeBracket
  return at
}

/** Writes a value as `naturalJson` does; gives the place behind it, −1 where it is not plain. */
export function layOutValue(into: Buffer, start: number, columns: RecordColumns, column: number): number {
  const { bytes, shape, rowid } = columns
  const type = columns.types[column] as number
  let next = columns.starts[column] as number
  let at = start
  if (type >= 12) {
    if (type % 2 === 0) return -1
    const end = next + ((type - 12) >>> 1)
    into[at++] = quote
    for (; next < end; next++) {
      const unit = bytes[next] as number
      if (unit < space || unit > 0x7e || unit === quote || unit === backslash) return -1
      into[at++] = unit
    }
    into[at++] = quote
    return at
  }
  if (type === 0 && column !== shape.rowidAlias) return writeAscii(into, at, 'null')
  if (type === 7) {
    const number = bytes.readDoubleBE(next)
    if (!Number.isFinite(number) || Object.is(number, -0) || (!shape.reals[column] && Number.isInteger(number)))
      return -1
    return writeAscii(into, at, String(number))
  }
  const whole = Number(type === 0 ? rowid : wholeAt(bytes, next, type))
  return Number.isSafeInteger(whole) ? writeWhole(into, at, whole) : -1
}

const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const space = 0x20
const quote = 0x22
const backslash = 0x5c
