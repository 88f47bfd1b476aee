import { Webhook } from 'standardwebhooks'

/** The three headers of Standard Webhooks. */
export type WebhookHeaders = { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string }

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
