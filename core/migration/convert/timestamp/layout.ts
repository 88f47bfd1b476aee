import type { TimeLayout } from '../../plan/rules.ts'
import { fromPostgres, type Moment, toPostgres } from './moment.ts'
import type { ZoneOffset } from './zone-offset.ts'

/** The text that a layout has for a moment that Postgres wrote, in the column's zone. */
export function layOut(text: string, layout: TimeLayout, zone: ZoneOffset, isUtc: boolean): string | undefined {
  // Postgres was asked for UTC: then its digits are those of the text
  const local = isUtc && text.endsWith('+00') ? text : localText(text, layout === 'javascript' ? () => 0 : zone)
  if (local === undefined) return undefined
  const end = local.length - 3
  const [date, time] = [local.slice(0, 10), local.slice(11, 19)]
  const fraction = end > 19 ? local.slice(20, end) : ''
  switch (layout) {
    case 'isoformat':
      return `${date}T${time}${sixDigits(fraction)}`
    case 'str':
      return `${date} ${time}${sixDigits(fraction)}`
    case 'sqlite':
      return `${date} ${time}`
    case 'javascript':
      return `${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}Z`
  }
}

/** Python writes six digits of a fraction or none. */
const sixDigits = (fraction: string) => (fraction === '' ? '' : `.${fraction.padEnd(6, '0')}`)

function localText(text: string, zone: ZoneOffset): string | undefined {
  const moment: Moment | undefined = fromPostgres(text)
  return moment && toPostgres({ ms: moment.ms + zone(moment.ms), us: moment.us })
}
