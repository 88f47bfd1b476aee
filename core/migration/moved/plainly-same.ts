import { longVarint, type StoredRecord, sizes, wholeAt } from '../analyze/reading/stored-record.ts'

/**
 * Whether what JSONB says of a row is what a record of a SQLite file has, told from the two of them as they are and without
 * what wrote the one from the other. True only where it is sure: of rows of NULL, short forms of numbers and ASCII that
 * nothing in has to be escaped. What is false may be the same none the less.
 */
export function isPlainlySame(content: string, record: StoredRecord): boolean {
  const { bytes, shape, rowid } = record
  const { columns, rowidAlias, reals } = shape
  if (content.charCodeAt(0) !== openBracket) return false
  let at = 1
  let types = record.types
  let next = record.body
  for (let column = 0; column < columns; column++) {
    let type = bytes[types++] as number
    if (type > 0x7f) {
      const long = longVarint(bytes, types - 1, record.body)
      type = long.value
      types = long.end
    }
    if (column > 0 && (content.charCodeAt(at++) !== comma || content.charCodeAt(at++) !== space)) return false
    if (type >= 12) {
      if (type % 2 === 0 || content.charCodeAt(at++) !== quote) return false
      const end = next + ((type - 12) >>> 1)
      for (; next < end; next++) {
        const byte = bytes[next] as number
        if (byte < space || byte > 0x7e || byte === quote || byte === backslash) return false
        if (content.charCodeAt(at++) !== byte) return false
      }
      if (content.charCodeAt(at++) !== quote) return false
      continue
    }
    if (type === 0 && column !== rowidAlias) {
      if (!content.startsWith('null', at)) return false
      at += 4
      continue
    }
    const end = endOfValue(content, at)
    if (type === 7 || reals[column]) {
      const number = type === 7 ? bytes.readDoubleBE(next) : Number(wholeAt(bytes, next, type))
      // a whole number means an integer, in a column that has them
      if (end === at || (!reals[column] && Number.isInteger(number))) return false
      if (!Object.is(Number(content.slice(at, end)), number)) return false
    } else if (wholeIn(content, at, end) !== Number(type === 0 ? rowid : wholeAt(bytes, next, type))) return false
    at = end
    next += sizes[type] as number
  }
  return content.charCodeAt(at) === closeBracket && at + 1 === content.length
}

function endOfValue(content: string, start: number): number {
  let at = start
  while (at < content.length && content.charCodeAt(at) !== comma && content.charCodeAt(at) !== closeBracket) at++
  return at
}

/** The whole number that is written there in digits alone, with no zeros before it; NaN for anything else. */
function wholeIn(content: string, start: number, end: number): number {
  const isNegative = content.charCodeAt(start) === minus
  const first = isNegative ? start + 1 : start
  const digits = end - first
  if (digits < 1 || digits > mostDigits || (content.charCodeAt(first) === zero && (digits > 1 || isNegative)))
    return NaN
  let number = 0
  for (let at = first; at < end; at++) {
    const digit = content.charCodeAt(at) - zero
    if (digit < 0 || digit > 9) return NaN
    number = number * 10 + digit
  }
  return isNegative ? -number : number
}

/** Fifteen digits are below 2^53, whatever they are. */
const mostDigits = 15
const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const space = 0x20
const quote = 0x22
const backslash = 0x5c
const minus = 0x2d
const zero = 0x30
