import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { AgentMessage } from './message.ts'

/** In their order, so that there is nothing to sort. */
const digested = Object.keys(AgentMessage.shape)
  .filter((field) => field !== 'timestamp' && field !== 'version')
  .sort() as (keyof AgentMessage)[]

/**
 * What tells whether two messages with one id have the same content: SHA-256 in base64url over the canonical JSON
 * (RFC 8785) of the message without `timestamp` and `version`. A sender that tries again has another clock, and may
 * have been upgraded in between.
 */
export function contentDigest(message: AgentMessage): string {
  const content: Record<string, unknown> = {}
  for (const field of digested) {
    const value = message[field]
    if (value !== undefined) content[field] = value
  }
  return hash('sha256', canonicalJson(content), 'base64url')
}

/** RFC 8785 of a JSON value. Throws on what is not JSON: NaN, a lone surrogate. */
export function canonicalJson(value: unknown): string {
  const sorted = sortKeys(value)
  // JSON.stringify writes strings and numbers as RFC 8785 asks and keys in their order: three times as fast.
  const text = sorted === unsortable ? canonicalize(value) : JSON.stringify(sorted)
  if (text === undefined) throw new TypeError('not a JSON value')
  return text
}

const unsortable = Symbol('an object whose keys an engine does not keep in the order of their insertion')

/** The value itself where its keys are in order already, as those of most small objects are. */
function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return sortItems(value)
  const keys = Object.keys(value)
  const isInOrder = keys.every((key, at) => at === 0 || (keys[at - 1] as string) < key)
  if (!isInOrder) keys.sort()
  const object: { [key: string]: unknown } = {}
  let isSame = isInOrder
  for (const key of keys) {
    // Keys like "10" come first in an object whatever the order; "__proto__" cannot be assigned.
    const first = key.charCodeAt(0)
    if ((first >= 0x30 && first <= 0x39) || key === '__proto__') return unsortable
    const member = (value as { [key: string]: unknown })[key]
    const sorted = sortKeys(member)
    if (sorted === unsortable) return unsortable
    if (sorted !== member) isSame = false
    object[key] = sorted
  }
  return isSame ? value : object
}

function sortItems(value: unknown[]): unknown {
  const items: unknown[] = []
  let isSame = true
  for (const item of value) {
    const sorted = sortKeys(item)
    if (sorted === unsortable) return unsortable
    if (sorted !== item) isSame = false
    items.push(sorted)
  }
  return isSame ? value : items
}
