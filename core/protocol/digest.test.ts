import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { currentMessage, storableObject } from './arbitrary-messages.ts'
import { contentDigest } from './digest.ts'
import { type AgentMessage, parseMessage } from './message.ts'

const options = { now: Date.UTC(2026, 2, 1), newId: () => 'generated' }
const simple = {
  message_id: 'm-1',
  from_agent: 'planner',
  to_agent: 'worker',
  message_type: 'task',
  body: { b: 1, a: [true, null] },
}
const digestOf = (input: object) => contentDigest(parseMessage(input, options))

/** The same value with the keys of every object in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, member]) => [key, reordered(member)] as const)
  return Object.fromEntries(entries.reverse())
}

describe('content digest', () => {
  it('is SHA-256 over the canonical JSON of all but the timestamp and the version', () => {
    fc.assert(
      fc.property(currentMessage, (input) => {
        const message = parseMessage(input, options)
        const { timestamp: _, version: __, ...content } = message
        expect(contentDigest(message)).toBe(hash('sha256', canonicalize(content) as string, 'base64url'))
      }),
      { numRuns: 500 },
    )
  })

  it('stays what it was, so that deduplication outlives a deployment', () => {
    expect(digestOf(simple)).toBe('vi5xIGxPrctEyAj8G2SWsNdM2On0eEmRarzFWIwc-zg')
  })

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(storableObject, (body) => {
        const message = parseMessage({ ...simple, body }, options)
        expect(contentDigest(reordered(message) as AgentMessage)).toBe(contentDigest(message))
      }),
    )
  })

  it('does not depend on timestamp and version', () => {
    expect(digestOf({ ...simple, timestamp: '2020-01-01T00:00:00Z' })).toBe(digestOf(simple))
    expect(digestOf({ ...simple, version: 1 })).toBe(digestOf(simple))
  })

  it('does not tell a default from the same value given', () => {
    const given = { priority: 'medium', ttl: 3600, delivery_options: { max_attempts: 5 }, correlation_id: null }
    expect(digestOf({ ...simple, ...given })).toBe(digestOf(simple))
  })

  it.each([
    { message_id: 'm-2' },
    { from_agent: 'planner2' },
    { to_agent: 'topic:worker' },
    { message_type: 'task2' },
    { priority: 3 },
    { ttl: 3601 },
    { body: { b: 1, a: [true] } },
    { body: { b: 1, a: [null, true] } },
    { body: { b: '1', a: [true, null] } },
    { body: { b: 1, a: [true, null], c: null } },
    { delivery_options: { ordering_key: 'k' } },
    { delivery_options: { delay_seconds: 1 } },
    { version: 1, metadata: {} },
    { conversation_id: '0193a3e0-7f0a-7000-8000-000000000000' },
    { correlation_id: 'c' },
    { reply_to: 'c' },
    { causation_id: 'c' },
  ])('changes with %j', (change) => {
    expect(digestOf({ ...simple, ...change })).not.toBe(digestOf(simple))
  })

  it('is equal for two bodies only when they are equal', () => {
    const body = fc.dictionary(
      fc.constantFrom('a', 'b', '1'),
      fc.oneof(fc.nat({ max: 2 }), fc.constantFrom('1', null, true), fc.array(fc.nat({ max: 1 }), { maxLength: 2 })),
    )
    fc.assert(
      fc.property(body, body, (one, other) => {
        const same = canonicalize(one) === canonicalize(other)
        expect(digestOf({ ...simple, body: one }) === digestOf({ ...simple, body: other })).toBe(same)
      }),
    )
  })
})
