import { randomBytes } from 'node:crypto'
import { HiveError } from '../errors.ts'

const prefix = 'whsec_'
const leastBytes = 24
const mostBytes = 64

/** Makes a new signing secret: `whsec_` and the base64 of 32 random bytes. */
export function generateSigningSecret(): string {
  return prefix + randomBytes(32).toString('base64')
}

/**
 * Takes a signing secret that a caller chose and returns it in canonical form (`whsec_` + padded base64 of 24 to 64 bytes).
 * Throws HiveError `request.invalid`, naming `signing_secret` and never the value.
 */
export function parseSigningSecret(secret: string): string {
  const encoded = secret.startsWith(prefix) ? secret.slice(prefix.length) : ''
  const bytes = Buffer.from(encoded, 'base64')
  // Buffer skips what is not base64, so only a round trip tells that nothing was skipped
  const exact = bytes.toString('base64').replace(/=+$/, '') === encoded.replace(/={1,2}$/, '')
  if (!exact || bytes.length < leastBytes || bytes.length > mostBytes) {
    const message = `must be ${prefix} and the base64 of ${leastBytes} to ${mostBytes} bytes`
    throw new HiveError('request.invalid', `signing_secret ${message}`, {
      errors: [{ field: 'signing_secret', message }],
    })
  }
  return prefix + bytes.toString('base64')
}
