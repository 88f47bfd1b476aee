import { createHash, timingSafeEqual } from 'node:crypto'
import { HiveError } from '../errors.ts'

/**
 * Verifies the Authorization header of a request (`Bearer <admin key>`) against the admin keys of the stage. The time it
 * takes tells nothing about the keys: digests are compared, and always all of them.
 * Throws HiveError `auth.missing` without a bearer token, `auth.invalid` with a wrong one.
 */
export function verifyAdminKey(header: string | undefined, adminKeys: readonly string[]): void {
  const token = /^bearer +(\S+)$/i.exec(header?.trim() ?? '')?.[1]
  if (token === undefined) throw new HiveError('auth.missing', 'send the header Authorization: Bearer <admin key>')
  const given = digest(token)
  const matches = adminKeys.map((key) => timingSafeEqual(given, digest(key)))
  if (!matches.includes(true)) throw new HiveError('auth.invalid', 'the admin key is not valid')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
