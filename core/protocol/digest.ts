import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { unsaidDelivery } from './delivery-options.ts'
import type { AgentMessage } from './message.ts'

const unsortable = Symbol('an object whose keys an engine does not keep in the order of their insertion')

const sortedUnsaid = sortKeys(unsaidDelivery)

/** All but what another try may change, sorted. Not asked of the schema, which is not made for most messages. */
function contentOf(message: AgentMessage, deliveryOptions: unknown) {
  return {
    body: message.body,
    causation_id: message.causation_id,
    conversation_id: message.conversation_id,
    correlation_id: message.correlation_id,
    delivery_options: deliveryOptions,
    from_agent: message.from_agent,
    message_id: message.message_id,
    message_type: message.message_type,
    metadata: message.metadata,
    priority: message.priority,
    reply_to: message.reply_to,
    to_agent: message.to_agent,
    ttl: message.ttl,
  } satisfies Record<Exclude<keyof AgentMessage, 'timestamp' | 'version'>, unknown>
}

/**
 * What tells whether two messages with one id have the same content: SHA-256 in base64url over the canonical JSON
 * (RFC 8785) of the message without `timestamp` and `version`. A sender that tries again has another clock, and may
 * have been upgraded in between.
 */
export function contentDigest(message: AgentMessage): string {
  const given = message.delivery_options
  const content = contentOf(message, given === unsaidDelivery ? sortedUnsaid : given)
  return hash('sha256', canonicalJson(content), 'base64url')
}

/** RFC 8785 of a JSON value, of which it is known that JSON carries it unchanged (`inspectJson`). */
export function canonicalJson(value: unknown): string {
  // JSON.stringify writes strings and numbers as RFC 8785 asks and keys in their order: three times as fast.
  const sorted = isSorted(value) ? value : sortKeys(value)
  const text = sorted === unsortable ? canonicalize(value) : JSON.stringify(sorted)
  if (text === undefined) throw new TypeError('not a JSON value')
  return text
}

/** Whether all keys are in order already, as those of most small objects are. */
function isSorted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isSorted)
  let before = ''
  for (const key in value) {
    if (key < before || !isSorted((value as { [key: string]: unknown })[key])) return false
    before = key
  }
  return true
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = value.map(sortKeys)
    return items.includes(unsortable) ? unsortable : items
  }
  const object: { [key: string]: unknown } = {}
  for (const key of Object.keys(value).sort()) {
    // Keys like "10" come first in an object whatever the order; "__proto__" cannot be assigned.
    const first = key.charCodeAt(0)
    if ((first >= 0x30 && first <= 0x39) || key === '__proto__') return unsortable
    const sorted = sortKeys((value as { [key: string]: unknown })[key])
    if (sorted === unsortable) return unsortable
    object[key] = sorted
  }
  return object
}
