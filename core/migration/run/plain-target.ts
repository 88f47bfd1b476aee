import { RecordColumns } from '../analyze/reading/record-columns.ts'
import { type StoredRecord, wholeAt } from '../analyze/reading/stored-record.ts'
import type { Affinity } from '../convert/affinity.ts'
import { quoted } from '../convert/natural-json.ts'
import type { Source } from '../convert/source.ts'
import { isDate, utc } from '../convert/timestamp/moment.ts'
import { numberBytes } from '../load/ascii.ts'
import type { MetricsTable } from '../plan/plan.ts'
import type { ColumnRule, RestRule, TimestampRule } from '../plan/rules.ts'
import { type TextLimit, textLimits } from '../plan/target-limits.ts'
import { layOutValue } from './plain-record.ts'

/** Writes the fields of a target row for COPY's binary format, straight from a record. */
export type PlainTarget = {
  /** The most bytes that `layOut` writes for a record. */
  most(record: StoredRecord): number
  /**
   * Writes what `convert` makes of a record's values, where it keeps nothing beside the row; gives the place behind it. −1
   * where that is not plain to see.
   */
  layOut(into: Buffer, start: number, record: StoredRecord): number
}

/** Writes one field from a place on, its length included. */
type Write = (into: Buffer, at: number, columns: RecordColumns) => number

/**
 * Compiles the rules of a table of metrics; undefined where one of them is never plain. `rest` has the places of the columns
 * that go into the metadata.
 */
export function plainTarget(
  table: MetricsTable,
  source: Source,
  targets: readonly string[],
  rest: readonly number[],
  zone: string,
): PlainTarget | undefined {
  if (table.pivot) return undefined
  const covered = new Set<number>()
  const writes: Write[] = []
  let constants = 0
  for (const target of targets) {
    const rule = (table.columns as Record<string, ColumnRule | undefined>)[target]
    const write = rule && compile(target, rule, source, rest, zone, covered)
    if (!write) return undefined
    writes.push(write)
    // a few long ones together are more than an index takes, which converting tells
    if (rule.rule === 'constant' && !isAscii(String(rule.value))) return undefined
    if (rule.rule === 'constant') constants += Buffer.byteLength(String(rule.value))
    if (rule.rule === 'copy' && 'prefix' in rule) constants += Buffer.byteLength(rule.prefix ?? '')
    if (rule.rule === 'rest') for (const place of rest) constants += 6 * (source.names[place]?.length ?? 0) + 8
  }
  const count = source.names.length
  const uncovered = source.names.flatMap((_, place) => (covered.has(place) ? [] : [place]))
  const columns = new RecordColumns(count)
  const fixed = constants + (writes.length + count) * (numberBytes + 4)
  return {
    // a column may go to several places
    most: ({ size }) => fixed + (writes.length + 1) * size,
    layOut(into, start, record) {
      const { rowidAlias } = record.shape
      if (record.shape.columns !== count) return -1
      columns.read(record)
      for (let i = 0; i < uncovered.length; i++) {
        const place = uncovered[i] as number
        if (columns.types[place] !== 0 || place === rowidAlias) return -1
      }
      let at = start
      for (let i = 0; i < writes.length && at >= 0; i++) at = (writes[i] as Write)(into, at, columns)
      columns.forget()
      return at
    },
  }
}

function compile(
  target: string,
  rule: ColumnRule,
  source: Source,
  rest: readonly number[],
  zone: string,
  covered: Set<number>,
): Write | undefined {
  if (rule.rule === 'constant') return constant(rule.value)
  if (rule.rule === 'rest') {
    for (const place of rest) covered.add(place)
    return members(rule, rest, source)
  }
  if (rule.rule !== 'copy' && rule.rule !== 'timestamp') return undefined
  const place = source.index(rule.from)
  covered.add(place)
  const affinity = source.affinity(place)
  if (rule.rule === 'timestamp') return moment(place, rule, affinity, rule.zone ?? zone)
  if (target === 'value') return double(place, affinity)
  const limit = (textLimits.agent_metrics as Record<string, TextLimit>)[target]
  const prefix = 'prefix' in rule ? (rule.prefix ?? '') : ''
  return limit && isAscii(prefix) ? text(place, affinity, limit, Buffer.from(prefix), rule.otherwise) : undefined
}

const isAscii = (value: string) => Buffer.byteLength(value) === value.length && !value.includes('\0')

function constant(value: string | number): Write {
  const bytes = Buffer.from(String(value))
  if (typeof value === 'number') {
    return (into, at) => into.writeDoubleBE(value, into.writeInt32BE(8, at))
  }
  return (into, at) => {
    const start = into.writeInt32BE(bytes.length, at)
    into.set(bytes, start)
    return start + bytes.length
  }
}

/** ASCII, which has as many characters as bytes. */
function text(
  place: number,
  affinity: Affinity,
  limit: TextLimit,
  prefix: Buffer,
  otherwise: string | number | undefined,
): Write {
  const mayBeNumber = affinity === 'INTEGER' || affinity === 'NUMERIC'
  return (into, start, { types, starts, bytes, shape }) => {
    const type = types[place] as number
    if (type === 0 && place !== shape.rowidAlias) {
      return limit.nullable && otherwise === undefined ? into.writeInt32BE(-1, start) : -1
    }
    const size = (type - 13) >>> 1
    if (type < 15 || type % 2 === 0 || prefix.length + size < limit.least || prefix.length + size > limit.most)
      return -1
    let from = starts[place] as number
    // what looks like a number is one in such a column
    if (mayBeNumber && (bytes[from] as number) <= nine) return -1
    let at = into.writeInt32BE(prefix.length + size, start)
    for (let i = 0; i < prefix.length; i++) into[at++] = prefix[i] as number
    for (const end = from + size; from < end; from++) {
      const unit = bytes[from] as number
      if (unit === 0 || unit > 0x7f) return -1
      into[at++] = unit
    }
    return at
  }
}

function double(place: number, affinity: Affinity): Write {
  const isReal = affinity === 'REAL'
  return (into, start, { types, starts, bytes, shape, rowid }) => {
    const type = types[place] as number
    const from = starts[place] as number
    if (affinity === 'TEXT' || type >= 12 || (type === 0 && place !== shape.rowidAlias)) return -1
    const number = type === 7 ? bytes.readDoubleBE(from) : Number(type === 0 ? rowid : wholeAt(bytes, from, type))
    if (
      type === 7 ? !isReal && (Number.isInteger(number) || !Number.isFinite(number)) : !Number.isSafeInteger(number)
    ) {
      return -1
    }
    return into.writeDoubleBE(number, into.writeInt32BE(8, start))
  }
}

const epochMs = 946_684_800_000
const numberUnits: Partial<Record<TimestampRule['unit'], number>> = { s: 1_000_000, ms: 1000, us: 1 }

/** A moment that is written in UTC as its layout says, or a whole number of a unit. */
function moment(place: number, { unit, layout = 'isoformat' }: TimestampRule, affinity: Affinity, zone: string): Write {
  const factor = numberUnits[unit]
  const isText = factor === undefined
  if (isText ? zone !== 'UTC' || (unit !== 'iso' && unit !== 'mixed') : affinity === 'TEXT' || affinity === 'REAL') {
    return () => -1
  }
  return (into, start, { types, starts, bytes }) => {
    const type = types[place] as number
    const from = starts[place] as number
    let micros: number
    if (isText) {
      if (type < 13 || type % 2 === 0) return -1
      micros = textMicros(bytes, from, (type - 13) >>> 1, layout)
    } else {
      if (type === 0 || type === 7 || type >= 12) return -1
      const whole = Number(wholeAt(bytes, from, type))
      if (!Number.isSafeInteger(whole)) return -1
      micros = whole * factor - epochMs * 1000
    }
    if (!Number.isSafeInteger(micros)) return -1
    const high = Math.floor(micros / 0x1_0000_0000)
    const at = into.writeInt32BE(high, into.writeInt32BE(8, start))
    return into.writeUInt32BE(micros - high * 0x1_0000_0000, at)
  }
}

/** Microseconds since 2000 of a text that its layout writes so again; NaN for any other. */
function textMicros(bytes: Buffer, at: number, size: number, layout: NonNullable<TimestampRule['layout']>): number {
  if (layout === 'javascript' || (size !== 19 && (size !== 26 || layout === 'sqlite'))) return Number.NaN
  const isApart =
    bytes[at + 4] === dash &&
    bytes[at + 7] === dash &&
    bytes[at + 10] === (layout === 'isoformat' ? 0x54 : 0x20) &&
    bytes[at + 13] === colon &&
    bytes[at + 16] === colon &&
    (size === 19 || bytes[at + 19] === 0x2e)
  if (!isApart) return Number.NaN
  const year = pair(bytes, at) * 100 + pair(bytes, at + 2)
  const [month, day] = [pair(bytes, at + 5), pair(bytes, at + 8)]
  const [hour, minute, second] = [pair(bytes, at + 11), pair(bytes, at + 14), pair(bytes, at + 17)]
  if (!isDate(year, month, day) || !(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN
  const ms = utc(year, month, day, hour, minute, second) - epochMs
  if (size === 19) return ms * 1000
  const fraction = (pair(bytes, at + 20) * 100 + pair(bytes, at + 22)) * 100 + pair(bytes, at + 24)
  // a fraction of zero is not written
  return fraction === 0 ? Number.NaN : ms * 1000 + fraction
}

function pair(bytes: Buffer, at: number): number {
  const tens = (bytes[at] as number) - 0x30
  const ones = (bytes[at + 1] as number) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** The columns without another place as an object; NULL is left out. */
function members(rule: RestRule, places: readonly number[], source: Source): Write {
  const difficult = new Set([...(rule.json ?? []), ...(rule.boolean ?? [])].map((name) => source.index(name)))
  const all = places.map((place) => ({
    place,
    head: Buffer.from(`${quoted(source.names[place] ?? '')}:`),
    isDifficult: difficult.has(place),
  }))
  return (into, start, columns) => {
    let at = start + 4
    // the version of JSONB's form
    into[at++] = 1
    const open = at
    into[at++] = 0x7b
    for (let i = 0; i < all.length; i++) {
      const { place, head, isDifficult } = all[i] as (typeof all)[number]
      if (columns.types[place] === 0 && place !== columns.shape.rowidAlias) continue
      if (isDifficult) return -1
      if (at > open + 1) into[at++] = 0x2c
      for (let unit = 0; unit < head.length; unit++) into[at++] = head[unit] as number
      at = layOutValue(into, at, columns, place)
      if (at < 0) return -1
    }
    into[at++] = 0x7d
    into.writeInt32BE(at - start - 4, start)
    return at
  }
}

const dash = 0x2d
const colon = 0x3a
const nine = 0x39
