import { createHash } from 'node:crypto'

/** Turns a caller's Idempotency-Key into a request id that can stand in a key name. */
export function requestIdFrom(idempotencyKey: string): string {
  return /^[\w-]{1,64}$/.test(idempotencyKey)
    ? idempotencyKey
    : createHash('sha256').update(idempotencyKey).digest('base64url')
}
