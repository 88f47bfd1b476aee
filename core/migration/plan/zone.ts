import * as z from 'zod'

const offset = /^[+-](?:0\d|1[0-4]):[0-5]\d$/

/** True for `UTC`, an offset such as `+02:00` and names of the IANA database such as `Europe/Berlin`. */
export function isZone(text: string): boolean {
  if (text === 'UTC' || offset.test(text)) return true
  if (!/^[A-Za-z]/.test(text)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}

/** The zone of moments that name none. */
export const Zone = z.string().refine(isZone, 'must be UTC, an offset such as +02:00, or a zone such as Europe/Berlin')
