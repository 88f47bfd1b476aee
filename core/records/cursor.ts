import { HiveError } from '../errors.ts'

/**
 * Writes a position in a list as a cursor: opaque to callers, safe in a URL. `kind` names the list, so that a cursor
 * of another one is refused.
 */
export function encodeCursor(kind: string, ...position: string[]): string {
  return Buffer.from(JSON.stringify([kind, ...position])).toString('base64url')
}

/**
 * Reads back a cursor of this kind; every part of the position must pass its check.
 * Throws `cursor.invalid` for anything that `encodeCursor` did not write for this list.
 */
export function decodeCursor(kind: string, cursor: string, ...checks: ((part: string) => boolean)[]): string[] {
  const parts = parse(cursor)
  if (!Array.isArray(parts) || parts.length !== checks.length + 1 || parts[0] !== kind) throw invalidCursor()
  const position: unknown[] = parts.slice(1)
  const passes = position.every(
    (part, index) => typeof part === 'string' && storable.test(part) && checks[index]?.(part),
  )
  if (!passes) throw invalidCursor()
  return position as string[]
}

/** No list has given what Postgres takes for no text. */
const storable = /^[^\0\p{Cs}]*$/u

export function invalidCursor(): HiveError {
  return new HiveError('cursor.invalid', 'The cursor is not one that this list has given.', {
    errors: [{ field: 'cursor', message: 'must be the next_cursor of an earlier page of the same list' }],
  })
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
