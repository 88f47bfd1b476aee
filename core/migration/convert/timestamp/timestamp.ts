import type { TimestampRule } from '../../plan/rules.ts'
import { InvalidText, type SqliteValue } from '../../value.ts'
import type { Affinity } from '../affinity.ts'
import { isNull, Refusal, type Rule, type Written } from '../rule.ts'
import { layOut } from './layout.ts'
import { fromPostgres, type Moment, toPostgres } from './moment.ts'
import { isoInUtc, parseIso } from './parse-iso.ts'
import { momentOf, numberOf, unitByMagnitude } from './units.ts'
import { type ZoneOffset, zoneOffset } from './zone-offset.ts'

const digits = /^-?\d+$/
const decimal = /^-?\d+\.\d+$/

/** A moment of a source column, as a timestamptz in UTC. */
export function timestamp(rule: TimestampRule, planZone: string, affinity: Affinity): Rule {
  const zoneName = rule.zone ?? planZone
  const zone = zoneOffset(zoneName)
  const isUtc = zoneName === 'UTC'
  const instead = otherwiseText(rule)
  const write = (value: SqliteValue): Written => {
    if (typeof value === 'string' && isUtc && (rule.unit === 'iso' || rule.unit === 'mixed')) {
      const text = isoInUtc(value)
      if (text !== undefined) return text
    }
    if (value === null || (value === '' && instead !== isNull)) return instead
    const moment = read(value, rule, zone)
    return moment instanceof Refusal ? moment : toPostgres(moment)
  }
  return { write, read: (text) => sourceMoment(text, rule, zone, isUtc, affinity) }
}

function otherwiseText({ otherwise }: TimestampRule): Written {
  const moment = otherwise === undefined ? undefined : parseIso(otherwise, () => 0)
  return moment === undefined ? isNull : toPostgres(moment)
}

function read(value: Exclude<SqliteValue, null>, rule: TimestampRule, zone: ZoneOffset): Moment | Refusal {
  if (typeof value === 'bigint' || typeof value === 'number') return readNumber(value, rule, zone)
  if (typeof value !== 'string') {
    return new Refusal(value instanceof InvalidText ? 'is text that is not valid UTF-8' : 'is a BLOB, not a moment')
  }
  const text = value.trim()
  if (rule.unit === 'iso' || rule.unit === 'mixed') {
    const moment = parseIso(text, zone)
    if (moment !== undefined) return moment
    if (rule.unit === 'iso') return new Refusal('is no date and time in ISO 8601 in the years 0001 to 9999')
  }
  if (digits.test(text)) return readNumber(BigInt(text), rule, zone)
  if (decimal.test(text)) return readNumber(Number(text), rule, zone)
  return new Refusal(text === '' ? 'is empty text, not a moment' : 'is text that is no moment')
}

function readNumber(value: bigint | number, { unit }: TimestampRule, zone: ZoneOffset): Moment | Refusal {
  if (unit === 'iso') return new Refusal('is a number, and the plan expects ISO 8601')
  const known = unit === 'mixed' ? unitByMagnitude(value) : unit
  if (known === undefined) return new Refusal('is a number whose size does not tell its unit')
  return momentOf(value, known, zone) ?? new Refusal(`is no moment in the years 0001 to 9999 (${known})`)
}

function sourceMoment(
  text: string | null,
  rule: TimestampRule,
  zone: ZoneOffset,
  isUtc: boolean,
  affinity: Affinity,
): SqliteValue {
  if (text === null) return null
  if (rule.unit === 'iso' || rule.unit === 'mixed') return layOut(text, rule.layout ?? 'isoformat', zone, isUtc) ?? text
  const moment = fromPostgres(text)
  if (moment === undefined) return text
  const number = rule.unit === 'packed' ? packed(moment, zone) : numberOf(moment, rule.unit)
  if (number === undefined) return text
  if (affinity === 'REAL') return Number(number)
  return affinity === 'TEXT' ? String(number) : number
}

/** Eight digits for midnight, fourteen otherwise. */
function packed({ ms }: Moment, zone: ZoneOffset): bigint {
  const all = new Date(ms + zone(ms)).toISOString().slice(0, 19).replaceAll(/\D/g, '')
  return BigInt(all.endsWith('000000') ? all.slice(0, 8) : all)
}

/** Microseconds since 1970 of a moment as `timestamp` writes it. */
export function toMicroseconds(text: string): string {
  const moment = fromPostgres(text)
  if (moment === undefined) throw new Error('it is no moment that was written here')
  return String(BigInt(moment.ms) * 1000n + BigInt(moment.us))
}
