import { decodeCursor, encodeCursor } from '../cursor.ts'
import { toIso } from '../moment.ts'

const isMoment = (part: string) => toIso(part) !== undefined
const isId = (part: string) => /^\d{1,18}$/.test(part)

/** A cursor over (timestamp, id), both as Postgres writes them. */
export function encodePosition(kind: string, row: { timestamp: string; id: string }): string {
  return encodeCursor(kind, row.timestamp, row.id)
}

/** Throws `cursor.invalid`. */
export function decodePosition(kind: string, cursor: string): { timestamp: string; id: string } {
  const [timestamp = '', id = ''] = decodeCursor(kind, cursor, isMoment, isId)
  return { timestamp, id }
}
