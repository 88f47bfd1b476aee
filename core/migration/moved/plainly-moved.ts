import { RecordColumns } from '../analyze/reading/record-columns.ts'
import { type StoredRecord, wholeAt } from '../analyze/reading/stored-record.ts'
import type { Affinity } from '../convert/affinity.ts'
import { foldCase } from '../convert/source.ts'
import { isMapped, type MappedTable, type TablePlan } from '../plan/plan.ts'
import type { ColumnRule, RestRule, TimestampRule } from '../plan/rules.ts'
import { textLimits } from '../plan/target-limits.ts'
import { isPlainValue } from './plainly-same.ts'

/**
 * Whether the fields of a target row, which begin at a place, are what the plan makes of a record, and all that the record
 * holds; told from the two of them as they are and without what converted the one into the other. True only where it is sure.
 */
export type PlainlyMoved = (record: StoredRecord, bytes: Buffer, start: number) => boolean

/** Whether one field is what the plan makes of a record. Its length is −1 for NULL. */
type Says = (columns: RecordColumns, bytes: Buffer, start: number, length: number) => boolean

type Column = { name: string; declaredType: string }
type Context = { table: MappedTable; names: readonly string[]; affinities: readonly Affinity[]; zone: string }

/**
 * Compares target rows with records by the rules of a plan; undefined for tables with rules whose results are not plain. The
 * fields of a row are those of `targets`, as `storedFields` reads them.
 */
export function plainlyMoved(
  plan: TablePlan,
  columns: readonly Column[],
  affinities: readonly Affinity[],
  targets: readonly string[],
  zone: string,
): PlainlyMoved | undefined {
  if (!isMapped(plan) || ('pivot' in plan && plan.pivot)) return undefined
  const context: Context = { table: plan, names: columns.map(({ name }) => name), affinities, zone }
  const rules = plan.columns as Record<string, ColumnRule | undefined>
  const covered = new Set<number>()
  const all: Says[] = []
  for (const target of targets) {
    const rule = rules[target]
    const says = rule && compile(target, rule, context, covered)
    if (!says) return undefined
    all.push(says)
  }
  const uncovered = columns.flatMap((_, place) => (covered.has(place) ? [] : [place]))
  const read = new RecordColumns(columns.length)
  return (record, bytes, start) => {
    const { rowidAlias } = record.shape
    if (record.shape.columns !== columns.length) return false
    read.read(record)
    for (let i = 0; i < uncovered.length; i++) {
      const place = uncovered[i] as number
      if (read.types[place] !== 0 || place === rowidAlias) return false
    }
    let at = start
    let isSame = true
    for (let i = 0; i < all.length && isSame; i++) {
      const length = bytes.readInt32BE(at)
      at += 4
      isSame = (all[i] as Says)(read, bytes, at, length)
      if (length > 0) at += length
    }
    read.forget()
    return isSame
  }
}

function compile(target: string, rule: ColumnRule, context: Context, covered: Set<number>): Says | undefined {
  const { table, names, affinities } = context
  switch (rule.rule) {
    case 'constant':
      if (typeof rule.value === 'string') return constantText(rule.value)
      return isDouble(table, target) ? constantDouble(rule.value) : undefined
    case 'copy': {
      const place = placeOf(rule.from, names)
      const affinity = affinities[place] as Affinity
      covered.add(place)
      if (isDouble(table, target)) return copiedDouble(place, affinity)
      if (!(target in textLimits[table.target])) return undefined
      const prefix = 'prefix' in rule ? (rule.prefix ?? '') : ''
      return copiedText(place, affinity, Buffer.from(prefix), rule.otherwise === undefined)
    }
    case 'timestamp': {
      const place = placeOf(rule.from, names)
      if (target === 'status_at') return undefined
      covered.add(place)
      return moment(place, rule, affinities[place] as Affinity, rule.zone ?? context.zone)
    }
    case 'rest':
      return rest(rule, context, covered)
    default:
      return undefined
  }
}

const placeOf = (name: string, names: readonly string[]): number =>
  names.findIndex((one) => foldCase(one) === foldCase(name))

/** Numbers of other columns are whole ones. */
const isDouble = (table: MappedTable, target: string) => table.target === 'agent_metrics' && target === 'value'

function constantText(text: string): Says {
  const expected = Buffer.from(text)
  return (_, bytes, start, length) => length === expected.length && sameBytes(expected, 0, bytes, start, length)
}

function constantDouble(number: number): Says {
  return (_, bytes, start, length) => length === 8 && Object.is(bytes.readDoubleBE(start), number)
}

/** Text of which Postgres has the very bytes. */
function copiedText(place: number, affinity: Affinity, prefix: Buffer, nullIsNull: boolean): Says {
  const mayBeNumber = affinity === 'INTEGER' || affinity === 'NUMERIC'
  return ({ types, starts, bytes: source, shape }, bytes, start, length) => {
    const type = types[place] as number
    if (length < 0) return nullIsNull && type === 0 && place !== shape.rowidAlias
    if (type < 13 || type % 2 === 0) return false
    const size = (type - 13) >>> 1
    const from = starts[place] as number
    if (length !== prefix.length + size || !sameBytes(prefix, 0, bytes, start, prefix.length)) return false
    if (mayBeNumber && size > 0 && (source[from] as number) <= nine) return false
    return sameBytes(source, from, bytes, start + prefix.length, size)
  }
}

/** A number that the column has in one storage class only. */
function copiedDouble(place: number, affinity: Affinity): Says {
  if (affinity === 'TEXT') return () => false
  const isReal = affinity === 'REAL'
  return ({ types, starts, bytes: source, shape, rowid }, bytes, start, length) => {
    const type = types[place] as number
    const from = starts[place] as number
    if (length !== 8 || type >= 12) return false
    const stored = bytes.readDoubleBE(start)
    if (type === 7) {
      return (
        (isReal || !Number.isInteger(stored)) && Number.isFinite(stored) && sameBytes(source, from, bytes, start, 8)
      )
    }
    if (type === 0 && place !== shape.rowidAlias) return false
    const whole = Number(type === 0 ? rowid : wholeAt(source, from, type))
    return Number.isSafeInteger(whole) && Object.is(stored, whole)
  }
}

const epochMicros = 946_684_800_000_000n
const numberUnits: Partial<Record<TimestampRule['unit'], bigint>> = { s: 1_000_000n, ms: 1000n, us: 1n }

/** A moment as the column's layout writes it in UTC, or as a whole number of its unit. */
function moment(place: number, rule: TimestampRule, affinity: Affinity, zone: string): Says {
  const factor = numberUnits[rule.unit]
  if (factor !== undefined) {
    if (affinity === 'TEXT' || affinity === 'REAL') return () => false
    return ({ types, starts, bytes: source }, bytes, start, length) => {
      const type = types[place] as number
      if (length !== 8 || type === 0 || type === 7 || type >= 12) return false
      const whole = BigInt(wholeAt(source, starts[place] as number, type))
      return whole * factor - epochMicros === bytes.readBigInt64BE(start)
    }
  }
  const layout = rule.layout ?? 'isoformat'
  const separator = layout === 'isoformat' || layout === 'javascript' ? 0x54 : space
  const isKnown = zone === 'UTC' && (rule.unit === 'iso' || rule.unit === 'mixed')
  if (!isKnown) return () => false
  return ({ types, starts, bytes: source }, bytes, start, length) => {
    const type = types[place] as number
    const from = starts[place] as number
    if (length !== 8 || type < 13 || type % 2 === 0) return false
    const size = (type - 13) >>> 1
    if (size < 19 || source[from + 10] !== separator) return false
    const seconds = secondsAt(source, from)
    let fraction = 0
    if (layout === 'javascript') {
      if (size !== 24 || source[from + 19] !== point || source[from + 23] !== zulu) return false
      fraction = digitsAt(source, from + 20, 3) * 1000
    } else if (size === 26 && layout !== 'sqlite') {
      // it is written only where it is not zero
      if (source[from + 19] !== point) return false
      fraction = digitsAt(source, from + 20, 6)
      if (fraction === 0) return false
    } else if (size !== 19) return false
    // NaN where a digit is none
    const micros = seconds * 1_000_000 + fraction
    return Number.isSafeInteger(micros) && micros === microsAt(bytes, start)
  }
}

/** A timestamptz: microseconds since 2000; NaN where a double does not hold them. */
function microsAt(bytes: Buffer, start: number): number {
  const micros = bytes.readInt32BE(start) * 0x1_0000_0000 + bytes.readUInt32BE(start + 4)
  return Number.isSafeInteger(micros) ? micros : Number.NaN
}

const months = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Seconds since 2000 of `YYYY-MM-DD?HH:MM:SS`; NaN where it is not that. */
function secondsAt(source: Buffer, at: number): number {
  if (source[at + 4] !== dash || source[at + 7] !== dash || source[at + 13] !== colon || source[at + 16] !== colon) {
    return Number.NaN
  }
  const year = digitsAt(source, at, 4)
  const month = digitsAt(source, at + 5, 2)
  const day = digitsAt(source, at + 8, 2)
  const hour = digitsAt(source, at + 11, 2)
  const minute = digitsAt(source, at + 14, 2)
  const second = digitsAt(source, at + 17, 2)
  if (!(year >= 1 && month >= 1 && month <= 12 && hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (!(day >= 1 && day <= (months[month - 1] as number) + (month === 2 && isLeap ? 1 : 0))) return Number.NaN
  // of years that begin in March, so that a leap day is the last one
  const y = month <= 2 ? year - 1 : year
  const m = month <= 2 ? month + 9 : month - 3
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)
  const days = 365 * y + leaps + Math.floor((153 * m + 2) / 5) + day - 1 - daysBefore2000
  return ((days * 24 + hour) * 60 + minute) * 60 + second
}

/** Days from 1 March of the year 0 to 2000. */
const daysBefore2000 = 730_425

function digitsAt(source: Buffer, at: number, count: number): number {
  let number = 0
  for (let i = at; i < at + count; i++) {
    const digit = (source[i] as number) - zero
    if (digit < 0 || digit > 9) return Number.NaN
    number = number * 10 + digit
  }
  return number
}

/** What needs no escape in JSON, so that a member's name is what it is. */
const plainName = /^[ !#-[\]-~]+$/

/** The columns without another place, as JSONB has them: shorter names first. */
function rest(rule: RestRule, { table, names, affinities }: Context, covered: Set<number>): Says | undefined {
  const members = restPlaces(table, names)
  for (const place of members) covered.add(place)
  const isDifficult = new Set([...(rule.json ?? []), ...(rule.boolean ?? [])].map((name) => placeOf(name, names)))
  if (members.some((place) => !plainName.test(names[place] ?? ''))) return undefined
  const inOrder = members
    .map((place) => ({ place, name: names[place] ?? '' }))
    .sort((one, other) => one.name.length - other.name.length || (one.name < other.name ? -1 : 1))
    .map(({ place, name }) => ({
      place,
      head: Buffer.from(`"${name}": `),
      isDifficult: isDifficult.has(place),
      isReal: affinities[place] === 'REAL',
    }))
  return (columns, bytes, start, length) => {
    const end = start + length
    if (length < 2 || bytes[start] !== openBrace) return false
    let at = start + 1
    for (let i = 0; i < inOrder.length; i++) {
      const { place, head, isDifficult: mayDiffer, isReal } = inOrder[i] as (typeof inOrder)[number]
      const type = columns.types[place] as number
      if (type === 0 && place !== columns.shape.rowidAlias) continue
      if (mayDiffer || columns.shape.reals[place] !== isReal) return false
      if (at > start + 1 && (bytes[at++] !== comma || bytes[at++] !== space)) return false
      if (!sameBytes(head, 0, bytes, at, head.length)) return false
      at = isPlainValue(bytes, at + head.length, end, columns, place)
      if (at < 0) return false
    }
    return bytes[at] === closeBrace && at + 1 === end
  }
}

/** The columns that no other rule gives back. */
function restPlaces(table: MappedTable, names: readonly string[]): number[] {
  const elsewhere = new Set<number>((table.keep ?? []).map((name) => placeOf(name, names)))
  for (const [target, rule] of Object.entries(table.columns as Record<string, ColumnRule>)) {
    switch (rule.rule) {
      case 'copy':
      case 'boolean':
      case 'severity':
        elsewhere.add(placeOf(rule.from, names))
        break
      case 'timestamp':
        if (target !== 'status_at') elsewhere.add(placeOf(rule.from, names))
        break
      case 'body':
        for (const from of Object.values(rule.members)) elsewhere.add(placeOf(from, names))
    }
  }
  return names.flatMap((name, place) => (elsewhere.has(place) || name === '$unparsed' ? [] : [place]))
}

function sameBytes(one: Uint8Array, at: number, other: Uint8Array, start: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (one[at + i] !== other[start + i]) return false
  return true
}

const openBrace = 0x7b
const closeBrace = 0x7d
const comma = 0x2c
const space = 0x20
const point = 0x2e
const dash = 0x2d
const colon = 0x3a
const zulu = 0x5a
const zero = 0x30
const nine = 0x39
