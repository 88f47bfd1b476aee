import { longVarint, type StoredRecord, sizes, wholeAt } from '../analyze/reading/stored-record.ts'
import { numberBytes, writeAscii, writeWhole } from '../load/ascii.ts'

/** What stands around a value. */
const aroundBytes = 4

/** The most bytes that `layOutPlain` writes. */
export const plainBytes = ({ size, shape }: StoredRecord): number =>
  2 + size + shape.columns * (numberBytes + aroundBytes)

/**
 * Writes a row as `encodeRow` does, which is also how JSONB says it in COPY's text format, where nothing in it has to be
 * escaped: NULL, ASCII, numbers. Gives the place behind it; −1 for any other row.
 */
export function layOutPlain(into: Buffer, start: number, record: StoredRecord): number {
  const { bytes, shape, rowid } = record
  const { columns, rowidAlias, reals } = shape
  let at = start
  let types = record.types
  let next = record.body
  into[at++] = openBracket
  for (let column = 0; column < columns; column++) {
    let type = bytes[types++] as number
    if (type > 0x7f) {
      const long = longVarint(bytes, types - 1, record.body)
      type = long.value
      types = long.end
    }
    if (column > 0) {
      into[at++] = comma
      into[at++] = space
    }
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
      continue
    }
    if (type === 0 && column !== rowidAlias) at = writeAscii(into, at, 'null')
    else {
      const number = type === 7 ? bytes.readDoubleBE(next) : Number(type === 0 ? rowid : wholeAt(bytes, next, type))
      if (type === 7) {
        if (!Number.isFinite(number) || Object.is(number, -0) || (!reals[column] && Number.isInteger(number))) return -1
        at = writeAscii(into, at, String(number))
      } else {
        if (!Number.isSafeInteger(number)) return -1
        at = writeWhole(into, at, number)
      }
    }
    next += sizes[type] as number
  }
  into[at++] = closeBracket
  return at
}

const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const space = 0x20
const quote = 0x22
const backslash = 0x5c
