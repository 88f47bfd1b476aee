/** A moment in whole milliseconds since 1970 in UTC and 0 to 999 microseconds after them. */
export type Moment = { ms: number; us: number }

const first = -62_135_596_800_000
const last = 253_402_300_799_999

/** True within the years 0001 to 9999. */
export const isInRange = (ms: number): boolean => ms >= first && ms <= last

/** A moment as Postgres writes a timestamptz in UTC: without zeros at the end of its fraction. */
export function toPostgres({ ms, us }: Moment): string {
  const iso = new Date(ms).toISOString()
  const fraction = iso.slice(20, 23) + String(us).padStart(3, '0')
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${withPoint(fraction)}+00`
}

/** Digits of a fraction with their point and without zeros at the end; nothing for zero. */
export function withPoint(digits: string): string {
  let end = digits.length
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end--
  return end === 0 ? '' : `.${digits.slice(0, end)}`
}

const written = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-]\d\d)(?::(\d\d))?$/

/** A moment that Postgres wrote, in any zone; undefined for any other text. */
export function fromPostgres(text: string): Moment | undefined {
  const found = written.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', hours = '', minutes = '0'] = found
  const local = utc(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second))
  const offset = (Math.abs(Number(hours)) * 60 + Number(minutes)) * (hours.startsWith('-') ? -60_000 : 60_000)
  const digits = fraction.padEnd(6, '0')
  return { ms: local - offset + Number(digits.slice(0, 3)), us: Number(digits.slice(3)) }
}

/** Milliseconds since 1970 of a date and time in UTC. The year 50 is not 1950. */
export function utc(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  if (year >= 100) return Date.UTC(year, month - 1, day, hour, minute, second)
  return new Date(0).setUTCFullYear(year, month - 1, day) + ((hour * 60 + minute) * 60 + second) * 1000
}

const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** True for days that were on the calendar, from the year 1. */
export function isDate(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= (days[month - 1] ?? 0) + (leap ? 1 : 0)
}
