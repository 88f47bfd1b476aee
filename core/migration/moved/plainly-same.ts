import type { RecordColumns } from '../analyze/reading/record-columns.ts'
import { longVarint, type StoredRecord, sizes, wholeAt } from '../analyze/reading/stored-record.ts'
import { saysReal } from './says-real.ts'

/**
 * Whether the JSON that is kept of a row, which begins and ends at these places, is what a record of a SQLite file has, told
 * from the two of them as they are and without what wrote the one from the other. True only where it is sure: of rows of
 * NULL, short forms of numbers and text that nothing in has to be escaped. What is false may be the same none the less.
 */
export function isPlainlySame(json: Buffer, start: number, end: number, record: StoredRecord): boolean {
  const { bytes, body, shape } = record
  const { columns } = shape
  let types = record.types
  let next = body
  let at = start
  if (json[at++] !== openBracket) return false
  for (let column = 0; column < columns; column++) {
    let type = bytes[types++] as number
    if (type > 0x7f) {
      const long = longVarint(bytes, types - 1, body)
      type = long.value
      types = long.end
    }
    if (column > 0 && (json[at++] !== comma || json[at++] !== space)) return false
    at = isSaid(json, at, end, record, column, type, next)
    if (at < 0) return false
    next += type >= 12 ? (type - 12) >>> 1 : (sizes[type] as number)
  }
  return json[at] === closeBracket && at + 1 === end
}

/** Whether a value of a record is written at a place as plain JSON: gives the place behind it; −1 where that is not sure. */
export function isPlainValue(json: Buffer, start: number, end: number, columns: RecordColumns, column: number): number {
  return isSaid(json, start, end, columns, column, columns.types[column] as number, columns.starts[column] as number)
}

type Values = Pick<StoredRecord, 'bytes' | 'shape' | 'rowid'>

function isSaid(
  json: Buffer,
  start: number,
  end: number,
  values: Values,
  column: number,
  type: number,
  place: number,
): number {
  const { bytes, shape } = values
  let from = place
  let at = start
  if (type >= 12) {
    if (type % 2 === 0 || json[at++] !== quote) return -1
    const behind = from + ((type - 13) >>> 1)
    for (; from < behind; from++) {
      const byte = bytes[from] as number
      // beyond ASCII it is text only if it is valid, which what Postgres has is; what marks an escape begins with EF
      if (byte < space || byte === quote || byte === backslash || byte === 0x7f || byte === 0xef) return -1
      if (json[at++] !== byte) return -1
    }
    return json[at] === quote ? at + 1 : -1
  }
  if (type === 0 && column !== shape.rowidAlias) {
    return json[at] === 0x6e && json[at + 1] === 0x75 && json[at + 2] === 0x6c && json[at + 3] === 0x6c ? at + 4 : -1
  }
  if (type === 7 || shape.reals[column]) {
    const number = type === 7 ? bytes.readDoubleBE(from) : Number(wholeAt(bytes, from, type))
    // a whole number means an integer, in a column that has them
    if (!shape.reals[column] && Number.isInteger(number)) return -1
    const behind = saysReal(json, start, end, number)
    if (behind >= 0 && isEnd(json[behind])) return behind
    while (at < end && !isEnd(json[at])) at++
    return at > start && Object.is(Number(json.toString('latin1', start, at)), number) ? at : -1
  }
  return saysWhole(json, start, end, Number(type === 0 ? values.rowid : wholeAt(bytes, from, type)))
}

const isEnd = (byte: number | undefined) => byte === comma || byte === closeBracket || byte === closeBrace

/** Whether a whole number is written there in digits alone, with no zeros before it: gives the place behind it, −1 for anything else. */
function saysWhole(json: Buffer, start: number, end: number, whole: number): number {
  const isNegative = json[start] === minus
  const first = isNegative ? start + 1 : start
  let at = first
  let number = 0
  for (; at < end; at++) {
    const digit = (json[at] as number) - zero
    if (digit < 0 || digit > 9) break
    number = number * 10 + digit
  }
  const digits = at - first
  if (digits < 1 || digits > mostDigits || (json[first] === zero && (digits > 1 || isNegative))) return -1
  return (isNegative ? -number : number) === whole ? at : -1
}

/** Fifteen digits are below 2^53, whatever they are. */
const mostDigits = 15
const openBracket = 0x5b
const closeBracket = 0x5d
const closeBrace = 0x7d
const comma = 0x2c
const space = 0x20
const quote = 0x22
const backslash = 0x5c
const minus = 0x2d
const zero = 0x30
