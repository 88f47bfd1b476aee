import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { unsaidDelivery } from './delivery-options.ts'
import type { AgentMessage } from './message.ts'

const unsortable = Symbol('an object whose keys an engine does not keep in the order of their insertion')

/** All but what another try may change. Not asked of the schema, which is not made for most messages. */
const fields: Record<Exclude<keyof AgentMessage, 'timestamp' | 'version'>, true> = {
  body: true,
  causation_id: true,
  conversation_id: true,
  correlation_id: true,
  delivery_options: true,
  from_agent: true,
  message_id: true,
  message_type: true,
  metadata: true,
  priority: true,
  reply_to: true,
  to_agent: true,
  ttl: true,
}
/** In their order, each with how its member begins. */
const digested = Object.keys(fields)
  .sort()
  .map((field) => [field as keyof AgentMessage, `${JSON.stringify(field)}:`] as const)

const unsaidDeliveryText = canonicalJson(unsaidDelivery)

/**
 * What tells whether two messages with one id have the same content: SHA-256 in base64url over the canonical JSON
 * (RFC 8785) of the message without `timestamp` and `version`. A sender that tries again has another clock, and may
 * have been upgraded in between.
 */
export function contentDigest(message: AgentMessage): string {
  let members = ''
  for (const [field, begin] of digested) {
    const value = message[field]
    if (value === undefined) continue
    const text = value === unsaidDelivery ? unsaidDeliveryText : canonicalJson(value)
    members += (members === '' ? '{' : ',') + begin + text
  }
  return hash('sha256', `${members}}`, 'base64url')
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
