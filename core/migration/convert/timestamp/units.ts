import type { TimeUnit } from '../../plan/rules.ts'
import { isDate, isInRange, type Moment, utc } from './moment.ts'
import { fromLocal, type ZoneOffset } from './zone-offset.ts'

/** Units in which a number is a moment. */
export type NumberUnit = Exclude<TimeUnit, 'iso' | 'mixed'>

const microseconds = { s: 1_000_000, ms: 1000, us: 1 } as const
const julianEpoch = 2_440_587.5
const dayMs = 86_400_000

/** The moment that a number is in a unit; undefined when it is none in the years 0001 to 9999. */
export function momentOf(value: bigint | number, unit: NumberUnit, zone: ZoneOffset): Moment | undefined {
  if (unit === 'packed') return packedMoment(String(value), zone)
  if (unit === 'julian') return inRange({ ms: Math.round((Number(value) - julianEpoch) * dayMs), us: 0 })
  if (typeof value === 'bigint') return wholeMoment(value, unit)
  const total = unit === 'ns' ? value / 1000 : value * microseconds[unit]
  return fromMicroseconds(Math.round(total))
}

function wholeMoment(value: bigint, unit: 's' | 'ms' | 'us' | 'ns'): Moment | undefined {
  // far out of range in every unit that is not ns; keeps the products below exact
  if (unit === 's') return inRange({ ms: Number(value) * 1000, us: 0 })
  if (unit === 'ms') return inRange({ ms: Number(value), us: 0 })
  const total = unit === 'us' ? value : floorDivide(value, 1000n)
  const ms = floorDivide(total, 1000n)
  return inRange({ ms: Number(ms), us: Number(total - ms * 1000n) })
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient
}

function fromMicroseconds(total: number): Moment | undefined {
  const ms = Math.floor(total / 1000)
  return inRange({ ms, us: total - ms * 1000 })
}

const inRange = (moment: Moment) => (isInRange(moment.ms) ? moment : undefined)

const packed = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?$/

/** A date as 8 digits, with a time as 12 or 14. */
function packedMoment(digits: string, zone: ZoneOffset): Moment | undefined {
  const found = packed.exec(digits)
  if (!found) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0'] = found
  if (!isDate(Number(year), Number(month), Number(day))) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const local = utc(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second))
  return inRange({ ms: fromLocal(local, zone), us: 0 })
}

/** Dates as digits that are likely to be meant as such: a number of seconds or milliseconds looks the same. */
export function looksPacked(value: bigint | number): boolean {
  const digits = String(value)
  return /^(?:19|20)\d\d/.test(digits) && packedMoment(digits, () => 0) !== undefined
}

/** Twelve digits that may be a date whose year has two of them (YYMMDDhhmmss), which no unit is for. */
export function looksShortDated(value: bigint | number): boolean {
  const digits = String(value)
  return digits.length === 12 && packedMoment(`20${digits}`, () => 0) !== undefined
}

/** From here on a number of seconds is after March 1973, and below no other unit has a moment of this century. */
const smallest = 1e8

/** The year 2286 in microseconds and the year 2000 in nanoseconds: between them are the clocks of Windows, .NET and WebKit. */
const [lastMicroseconds, firstNanoseconds] = [1e16, 946_684_800e9]

/**
 * The unit of a number by its size alone: seconds have up to 11 digits, milliseconds 14, microseconds 16, more are
 * nanoseconds of this century. Undefined for what is too small to tell, may be a date as digits, or counts from another epoch.
 */
export function unitByMagnitude(value: bigint | number): 's' | 'ms' | 'us' | 'ns' | undefined {
  const size = Math.abs(Number(value))
  if (!(size >= smallest) || looksPacked(value)) return undefined
  if (size < 1e11) return 's'
  if (size < 1e14) return 'ms'
  if (size < lastMicroseconds) return 'us'
  return size >= firstNanoseconds && size < 1e19 ? 'ns' : undefined
}

/** The number that a moment is in a unit: a whole one where it can be. */
export function numberOf({ ms, us }: Moment, unit: NumberUnit): bigint | number | undefined {
  switch (unit) {
    case 's':
      return us === 0 && ms % 1000 === 0 ? BigInt(ms / 1000) : (ms * 1000 + us) / 1e6
    case 'ms':
      return us === 0 ? BigInt(ms) : (ms * 1000 + us) / 1000
    case 'us':
      return BigInt(ms) * 1000n + BigInt(us)
    case 'ns':
      return (BigInt(ms) * 1000n + BigInt(us)) * 1000n
    case 'julian':
      return ms / dayMs + julianEpoch
    case 'packed':
      return undefined
  }
}
