import { layOut } from '../convert/timestamp/layout.ts'
import { toPostgres } from '../convert/timestamp/moment.ts'
import { isoInUtc, parseIso } from '../convert/timestamp/parse-iso.ts'
import { looksPacked, looksShortDated, momentOf, unitByMagnitude } from '../convert/timestamp/units.ts'
import { TimeLayout, type TimeUnit } from '../plan/rules.ts'
import type { SqliteValue } from '../value.ts'

/** Why a column is taken for moments, and how. */
export type TimeReport = {
  /** What the values are; `mixed` where they differ. */
  unit: TimeUnit
  /** How most texts are written, where one of the layouts fits. */
  layout?: TimeLayout
  /** Texts with a zone or offset of their own, and without. */
  zoned: number
  zoneless: number
  /** How many values were read as each unit. */
  units: Partial<Record<TimeUnit, number>>
  /** Values that are no moment in any of them. */
  unclear: number
  /** The first and last moment, as Postgres writes them in UTC; text without a zone is taken as UTC. */
  from: string
  to: string
}

const utc = () => 0
const hasZone = /(?:[zZ]|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)(?: (?:[A-Z]{3,5}|[+-]\d+)(?: m=\S+)?)?$/
const hint =
  /(?:^|_)(?:at|on|ts|time|timestamp|datetime|date|day|epoch|created|updated|modified|expires|expiry|accessed|when|last_used)$|(?:time|date|stamp|_at)$/i
const camelHint = /(?:At|Time|Date|Timestamp)$/

/** True where a column's name or declared type says that it holds moments. */
export function isCalledTime(name: string, declaredType: string): boolean {
  return /DATE|TIME/i.test(declaredType) || hint.test(name) || camelHint.test(name)
}

/** The longest text that is a moment: nanoseconds, an offset, and what Go puts behind it. */
const longest = 80

function writtenMoment(text: string): string | undefined {
  if (text.length > longest) return undefined
  const plain = isoInUtc(text)
  if (plain !== undefined) return plain
  const moment = parseIso(text, utc)
  return moment && toPostgres(moment)
}

/** Collects from a column's values whether they are moments. Bounded memory. */
export function timeEvidence(name: string, declaredType: string) {
  const called = isCalledTime(name, declaredType)
  const units = new Map<TimeUnit, number>()
  const layouts = new Map<TimeLayout, number>()
  let [zoned, zoneless, unclear, texts, shortDated] = [0, 0, 0, 0, 0]
  let from: string | undefined
  let to: string | undefined

  const count = <Key>(counts: Map<Key, number>, key: Key) => counts.set(key, (counts.get(key) ?? 0) + 1)
  const see = (moment: string) => {
    if (from === undefined || moment < from) from = moment
    if (to === undefined || moment > to) to = moment
  }

  function addText(text: string) {
    texts++
    const written = writtenMoment(text)
    if (written === undefined) {
      // Python's str(time.time()) among others
      if (called && /^\d{8,19}(?:\.\d+)?$/.test(text)) addNumber(text.includes('.') ? Number(text) : BigInt(text))
      else unclear++
      return
    }
    count(units, 'iso')
    const isZoned = text.length > 10 && hasZone.test(text.slice(10))
    if (isZoned) zoned++
    else zoneless++
    see(written)
    for (const layout of TimeLayout.options) if (layOut(written, layout, utc, true) === text) count(layouts, layout)
  }

  function addNumber(value: bigint | number) {
    const unit = looksPacked(value) ? 'packed' : unitByMagnitude(value)
    const moment = unit && momentOf(value, unit, utc)
    if (!unit || !moment) {
      unclear++
      return
    }
    count(units, unit)
    if (looksShortDated(value)) shortDated++
    see(toPostgres(moment))
  }

  return {
    add(value: SqliteValue) {
      if (value === null || value === '') return
      if (typeof value === 'string') addText(value)
      else if (called && (typeof value === 'bigint' || typeof value === 'number')) addNumber(value)
      else unclear++
    },
    /** What the values are as moments; undefined where most are none, or nothing says that they are. */
    report(): TimeReport | undefined {
      const found = [...units].sort(([, one], [, other]) => other - one)
      const total = found.reduce((sum, [, some]) => sum + some, 0)
      const [most] = found
      if (most === undefined || from === undefined || to === undefined || total <= unclear) return undefined
      if (!called && (unclear > 0 || texts < total)) return undefined
      const [layout] = [...layouts].sort(([, one], [, other]) => other - one)[0] ?? []
      if (shortDated === total) return undefined
      const unit = found.length === 1 ? most[0] : 'mixed'
      // beside other forms nothing says of digits that they are a date: such a value is rejected in a mixed column
      if (unit === 'mixed') unclear += units.get('packed') ?? 0
      return { unit, ...(layout && { layout }), zoned, zoneless, units: Object.fromEntries(units), unclear, from, to }
    },
  }
}
