import * as z from 'zod/mini'
import { once } from '../once.ts'

// Narrower than ISO 8601 by what Postgres's timestamptz cannot hold: the year 0000, offsets beyond any real zone, and
// fractions of any length. A message that history cannot store would hold up every message behind it.
const storable = /^(?!0000).{19}(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):\d{2})$/

const storableText =
  'must lie in the years 0001 to 9999 of UTC, with at most nine digits of fraction and an offset up to ±14:59'

const ends = /^(?:0001-01-01|9999-12-31)T/
const first = Date.parse('0001-01-01T00:00:00.000Z')
const last = Date.parse('9999-12-31T23:59:59.999Z')

/** Whether a moment is still in the years 0001 to 9999 in UTC and to the µs, which is how it is stored and shown. */
function isInRange(text: string): boolean {
  if (!ends.test(text)) return true
  // cut to ms
  const at = Date.parse(text)
  return at >= first && (at < last || (at === last && !/\.999999[5-9]/.test(text)))
}

/** A moment in ISO 8601 with a zone (`Z` or an offset up to ±14:59), at most nine digits of fraction. */
export const Timestamp = once(() =>
  z.iso
    .datetime({
      offset: true,
      abort: true,
      error: 'must be an ISO 8601 date and time with a zone, such as 2026-03-01T12:00:00Z',
    })
    .check(
      z.regex(storable, { abort: true, error: storableText }),
      z.refine(isInRange, storableText),
      z.describe('A moment in ISO 8601 with a zone, at most nine digits of fraction.'),
    ),
)

const loose = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d+)?)(Z|[+-]\d{2}:?\d{2})?$/

/**
 * Writes the way older senders give a moment as v1 wants it: no zone means UTC, a space stands for `T`, `+0200` for
 * `+02:00`. Digits stay as they are. Other text is returned unchanged, for validation to refuse.
 */
export function normaliseTimestamp(text: string): string {
  const found = loose.exec(text)
  if (found === null) return text
  const [, date, time, zone = 'Z'] = found
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
  return `${date}T${time}${offset}`
}
