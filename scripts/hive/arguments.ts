import { InvalidArgumentError } from 'commander'
import { HiveError } from '../../core/errors.ts'
import { parseJson } from '../../core/protocol/json.ts'

/** A parser of whole numbers between two bounds, both allowed. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
    }
    return value
  }
}

/** A number as it is written in decimal: no other base, no white space, not infinite. NaN for other text. */
function decimal(text: string): number {
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : Number.NaN
}

/** A parser of numbers between two bounds, both allowed. */
export function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = decimal(text)
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`)
    }
    return value
  }
}

/** A parser of finite numbers above a bound. */
export function numberAbove(bound: number): (text: string) => number {
  return (text) => {
    const value = decimal(text)
    if (!(value > bound)) {
      throw new InvalidArgumentError(`It must be a number above ${bound}.`)
    }
    return value
  }
}

export function anyNumber(text: string): number {
  const value = decimal(text)
  if (Number.isNaN(value)) throw new InvalidArgumentError('It must be a number.')
  return value
}

/** JSON as the hive reads it: duplicate keys and integers beyond 2^53 are refused, because they would be changed silently. */
export function jsonObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = parseJson(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof HiveError ? `${error.message}.` : 'It is not JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError('It must be a JSON object.')
  }
  return value as Record<string, unknown>
}

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A moment: ISO 8601 (without a zone it is UTC), or how long ago it was, such as `90s`, `15m`, `2h` or `7d`. Gives ISO 8601. */
export function moment(text: string, now: number = Date.now()): string {
  return momentFrom(text, (ms) => now - ms, 'like 15m or 2h (ago)')
}

/** A moment to come, as `moment`, but a length of time is counted from now on: `30d` is in 30 days. */
export function future(text: string, now: number = Date.now()): string {
  const at = momentFrom(text, (ms) => now + ms, 'like 2h or 30d (from now on)')
  if (Date.parse(at) <= now) throw new InvalidArgumentError('It must be in the future.')
  return at
}

function momentFrom(text: string, away: (ms: number) => number, lengths: string): string {
  const length = /^(\d{1,9})([smhd])$/.exec(text)
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(text) || !text.includes('T') ? text : `${text}Z`
  const parsed = length
    ? away(Number(length[1]) * unitMs[length[2] as keyof typeof unitMs])
    : /^\d{4}-\d\d-\d\d/.test(text)
      ? Date.parse(zoned)
      : Number.NaN
  const at = new Date(parsed)
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError(`It must be like 2026-01-31T12:00:00Z, or ${lengths}.`)
  return at.toISOString()
}

/** Leaves out what was not given: the wire knows no undefined. */
export function given<Fields extends Record<string, unknown>>(
  fields: Fields,
): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: NonNullable<Fields[Name]>
  }
}
