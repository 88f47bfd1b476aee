import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { HiveError } from '../errors.ts'

const prefix = 'whsec_'
const leastBytes = 24
const mostBytes = 64

/** The three headers of Standard Webhooks. */
export type WebhookHeaders = { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string }

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

/**
 * Signs a webhook. `body` must be the very text that is sent (as UTF-8): a body parsed and printed again no longer
 * matches. Each secret gives one signature, newest first, so that during a rotation receivers with either accept it.
 * @param request.timestampMs time of this attempt, milliseconds since the epoch; receivers refuse old ones
 */
export function signWebhook(request: {
  id: string
  timestampMs: number
  body: string
  secrets: readonly string[]
}): WebhookHeaders {
  const { id, timestampMs, body, secrets } = request
  if (secrets.length === 0) throw new Error('a webhook needs a secret to be signed with')
  const at = new Date(timestampMs)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(timestampMs / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  }
}
