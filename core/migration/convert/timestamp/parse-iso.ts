import { isDate, isInRange, type Moment, utc, withPoint } from './moment.ts'
import { fromLocal, type ZoneOffset } from './zone-offset.ts'

const offset = /[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?/.source
/** Go writes the abbreviation of a zone behind its offset, and what its own clock said behind that. */
const goTail = / (?:[A-Z]{3,5}|[+-]\d{2}(?:\d\d)?)(?: m=[+-]\d+\.\d+)?/.source
const zonePart = ` ?(Z|z|UTC|GMT|${offset})?(?:(?<=[+-]\\d{4})${goTail})?`
const pattern = new RegExp(
  `^(\\d{4})-(\\d\\d)-(\\d\\d)(?:[Tt ](\\d\\d):(\\d\\d)(?::(\\d\\d)(?:[.,](\\d+))?)?${zonePart})?$`,
)
const basicPattern = new RegExp(`^(\\d{4})(\\d\\d)(\\d\\d)T(\\d\\d)(\\d\\d)(?:(\\d\\d)(?:[.,](\\d+))?)?(Z|${offset})?$`)

/**
 * A date, or a date and time, in the forms of ISO 8601 that databases and programs write, the basic one and those of
 * Python's logging and Go's String() included. Without a zone of its own it is in the given one; digits of a fraction after
 * the sixth do not count. Undefined for any other text.
 */
export function parseIso(text: string, zone: ZoneOffset): Moment | undefined {
  const found = pattern.exec(text) ?? basicPattern.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset] = found
  if (!isDate(Number(year), Number(month), Number(day))) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const local = utc(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second))
  const start = offset === undefined ? fromLocal(local, zone) : local - offsetMs(offset)
  if (!isInRange(start)) return undefined
  const digits = fraction.slice(0, 6).padEnd(6, '0')
  return { ms: start + Number(digits.slice(0, 3)), us: Number(digits.slice(3)) }
}

function offsetMs(offset: string): number {
  if (!/^[+-]/.test(offset)) return 0
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.length > 3 ? offset.slice(-2) : 0)
  return minutes * (offset.startsWith('-') ? -60_000 : 60_000)
}

/** The commonest form, a date and time without a zone, taken as UTC and written as Postgres does, with no detour. */
export function isoInUtc(text: string): string | undefined {
  const { length } = text
  if (length < 19 || length > 26) return undefined
  const separator = text.charCodeAt(10)
  if (separator !== 0x54 && separator !== 0x20) return undefined
  if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d) return undefined
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a) return undefined
  // a digit that is none makes the number it is in NaN or too large
  const year = pair(text, 0) * 100 + pair(text, 2)
  if (!isDate(year, pair(text, 5), pair(text, 8))) return undefined
  if (!(pair(text, 11) <= 23 && pair(text, 14) <= 59 && pair(text, 17) <= 59)) return undefined
  const time = `${text.slice(0, 10)} ${text.slice(11, 19)}`
  if (length === 19) return `${time}+00`
  if (text.charCodeAt(19) !== 0x2e || length === 20) return undefined
  for (let at = 20; at < length; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return undefined
  }
  return `${time}${withPoint(text.slice(20))}+00`
}

function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30
  const ones = text.charCodeAt(at + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}
