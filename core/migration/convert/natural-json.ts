import { toJsonb } from '../../records/jsonb.ts'
import { decodeValue, encodeValue, type SqliteValue } from '../value.ts'
import type { Affinity } from './affinity.ts'

const unstorable = /[\0\uFDD0\p{Surrogate}]/u

/**
 * A value as people expect it in JSON, where the affinity of its column gives the same value back: text as a string,
 * numbers as numbers. Everything else (BLOBs, integers beyond 2^53, infinities, …) in its tagged form.
 */
export function naturalJson(
  value: Exclude<SqliteValue, null>,
  affinity: Affinity,
  quote: (text: string) => string = quoted,
): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'bigint') {
    if (affinity !== 'REAL' && value <= 9007199254740991n && value >= -9007199254740991n) return String(value)
  } else if (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)) {
    if (affinity === 'REAL' || !Number.isInteger(value)) return String(value)
  }
  return JSON.stringify(encodeValue(value))
}

/** A string as JSON that JSONB takes. */
export function quoted(text: string): string {
  if (isPlain(text)) return `"${text}"`
  return unstorable.test(text) ? toJsonb(text) : JSON.stringify(text)
}

/** The value that `naturalJson` wrote, from its JSON as `fromJsonb` gives it; what is not there was NULL. */
export function naturalValue(json: unknown, affinity: Affinity): SqliteValue {
  if (json === undefined || json === null) return null
  if (typeof json === 'string') return json
  if (typeof json !== 'number') return decodeValue(json)
  return affinity !== 'REAL' && Number.isInteger(json) ? BigInt(json) : json
}

/** Short ASCII that JSON takes as it is: most of what there is, and told faster than by a regular expression. */
function isPlain(text: string): boolean {
  if (text.length > 64) return false
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) return false
  }
  return true
}
