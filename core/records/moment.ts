const pattern =
  /^(\d{4,6})-(\d\d)-(\d\d) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?([+-])([01]\d)(?::([0-5]\d))?(?::([0-5]\d))?( BC)?$/

/**
 * A timestamptz as Postgres writes it, in ISO 8601 and UTC with its microseconds: three digits of fraction, or six
 * where they say more. Undefined for text of any other form and for dates that do not exist.
 */
export function toIso(text: string): string | undefined {
  const found = pattern.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, hours = 0, minutes = 0, seconds = 0, era] =
    found
  if (Number(year) === 0) return undefined
  const moment = new Date(0)
  // the year before 1 AD is 1 BC to Postgres and 0 to ISO 8601
  moment.setUTCFullYear(era ? 1 - Number(year) : Number(year), Number(month) - 1, Number(day))
  if (moment.getUTCDate() !== Number(day) || moment.getUTCMonth() !== Number(month) - 1) return undefined
  const offset = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * (sign === '-' ? -1 : 1)
  moment.setUTCHours(Number(hour), Number(minute), Number(second) - offset)
  if (Number.isNaN(moment.getTime())) return undefined
  const digits = fraction.padEnd(6, '0')
  const kept = digits.endsWith('000') ? digits.slice(0, 3) : digits
  return moment.toISOString().replace('.000Z', `.${kept}Z`)
}
