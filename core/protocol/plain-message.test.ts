import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { acknowledgedMessage, currentMessage, payloadMessage } from './arbitrary-messages.ts'
import type { JsonObject } from './json-value.ts'
import { AgentMessage } from './message.ts'
import { largestBodyBytes } from './message-limits.ts'
import { readPlainMessage } from './plain-message.ts'
import { upcast } from './versions.ts'

const options = { now: Date.UTC(2026, 2, 1), newId: () => '019584f0-0000-7000-8000-000000000000' }
const read = (input: unknown) => readPlainMessage(input, options)

/** What the schema makes of it: the JSON text, so that the order of fields counts too. */
function bySchema(input: JsonObject): string | undefined {
  const { message, faults } = upcast(input)
  message.message_id ??= options.newId()
  message.timestamp ??= new Date(options.now).toISOString()
  const parsed = AgentMessage().safeParse(message)
  return parsed.success && faults.length === 0 ? JSON.stringify(parsed.data) : undefined
}

const simple = { from_agent: 'planner', to_agent: 'worker', message_type: 'task.assign', body: { task: 'summarise' } }
const full = {
  version: 1,
  ...simple,
  message_id: 'order 66/α',
  priority: 'CRITICAL',
  timestamp: '2026-03-01T12:00:00.123456+02:00',
  ttl: 1_209_600,
  delivery_options: { delay_seconds: 10, max_attempts: 1, backoff: 'fixed', ordering_key: 'customer-7' },
  metadata: { trace: 't' },
  conversation_id: '6f1e8c52-0a3b-4d5e-8f70-123456789abc',
  correlation_id: 'c',
  reply_to: 'planner',
  causation_id: 'm-0',
}

/** Values that are right for some field, nearly right, or wrong for all. */
const oddValue = fc.constantFrom<unknown>(
  ...[
    undefined,
    null,
    true,
    0,
    1,
    2.5,
    -1,
    4,
    5,
    1e9,
    '',
    ' ',
    'LOW',
    'high',
    'hıgh',
    'x'.repeat(129),
    'a:b',
    'topic:a',
  ],
  ...[
    'capability:a',
    'planner ',
    'a\nb',
    '\ud800',
    '\u200b',
    '2026-03-01',
    '2026-02-30T00:00:00Z',
    '2026-03-01 12:00:00',
  ],
  ...['6F1E8C52-0A3B-4D5E-8F70-123456789ABC', [], {}, { a: 1n }, { a: Number.NaN }, { a: '\0' }, { backoff: 'fixed' }],
  ...[{ delay_seconds: 4000 }, { max_retries: 3 }, { wait_for_recipient: true }, { backoff: null }, { a: 2 ** 53 }],
)
const oddField = fc.constantFrom(
  ...Object.keys(full),
  'payload',
  'source_agent',
  'type',
  '__proto__',
  'constructor',
  'x',
)

describe('a plain message', () => {
  it('is read as its schema reads it, to the order of its fields', () => {
    expect(JSON.stringify(read(simple))).toBe(bySchema(simple))
    expect(JSON.stringify(read(full))).toBe(bySchema(full))
  })

  it('is many a message of this version', () => {
    let plain = 0
    fc.assert(
      fc.property(currentMessage, (input) => {
        const message = read(input)
        if (!message) return
        plain++
        expect(JSON.stringify(message)).toBe(bySchema(input))
      }),
      { numRuns: 1_000 },
    )
    expect(plain).toBeGreaterThan(100)
  })

  it('is none of an older shape, unless it says the same in this one', () => {
    fc.assert(
      fc.property(fc.oneof(acknowledgedMessage, payloadMessage), (input) => {
        const message = read(input)
        if (message) expect(JSON.stringify(message)).toBe(bySchema(input))
      }),
      { numRuns: 1_000 },
    )
  })

  it('is never one that its schema refuses or reads otherwise', () => {
    let refused = 0
    fc.assert(
      fc.property(
        fc.constantFrom<JsonObject>(simple, full, { version: 1, ...simple }),
        fc.array(fc.tuple(oddField, oddValue), { minLength: 1, maxLength: 3 }),
        (base, changes) => {
          const input = { ...base }
          for (const [field, value] of changes) {
            Object.defineProperty(input, field, { value, enumerable: true, configurable: true, writable: true })
          }
          const message = read(input)
          if (message) expect(JSON.stringify(message)).toBe(bySchema(input))
          else refused++
        },
      ),
      { numRuns: 20_000 },
    )
    expect(refused).toBeGreaterThan(1_000)
  })

  it('has a body of the largest size, and none over it', () => {
    const sized = (bytes: number) => ({ ...simple, body: { a: 'é'.repeat((bytes - 8) / 2) } })
    expect(read(sized(largestBodyBytes))).toBeDefined()
    expect(read(sized(largestBodyBytes + 2))).toBeUndefined()
  })

  it('shares what it says of its delivery with others that say nothing, and nobody can change that', () => {
    const message = read(simple)
    expect(message?.delivery_options).toBe(read({ ...simple, to_agent: 'other' })?.delivery_options)
    expect(() => {
      if (message) message.delivery_options.backoff.base_seconds = 5
    }).toThrow(TypeError)
  })
})
