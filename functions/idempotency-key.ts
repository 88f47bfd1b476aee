import { HiveError } from '../core/errors.ts'
import type { HttpRequest } from './http.ts'

/** What the header `Idempotency-Key` may hold. */
export const idempotencyKeyPattern = /^[\x21-\x7e]{1,128}$/

/**
 * The header `Idempotency-Key`, with which a caller says that a request is the same as one before.
 * Throws `request.invalid`.
 */
export function idempotencyKey({ headers }: HttpRequest): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined || idempotencyKeyPattern.test(key)) return key
  const message = 'must be 1 to 128 printable ASCII characters without spaces'
  throw new HiveError('request.invalid', `Idempotency-Key ${message}.`, {
    errors: [{ field: 'Idempotency-Key', message }],
  })
}
