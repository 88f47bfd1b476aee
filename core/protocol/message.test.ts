import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { HiveError } from '../errors.ts'
import { AgentMessage, parseMessage, parseMessages } from './message.ts'
import { largestBodyBytes, largestMetadataBytes } from './message-limits.ts'
import { PublishInput } from './publish-input.ts'

const options = { now: Date.UTC(2026, 2, 1), newId: () => '019584f0-0000-7000-8000-000000000000' }
const read = (input: unknown, path?: string) => parseMessage(input, path === undefined ? options : { ...options, path })
const refusalOf = (run: () => unknown): HiveError => {
  try {
    run()
  } catch (error) {
    return error as HiveError
  }
  throw new Error('accepted')
}
const fieldsOf = (input: unknown) => refusalOf(() => read(input)).errors.map((fault) => fault.field)

const simple = { from_agent: 'planner', to_agent: 'worker', message_type: 'task.assign', body: { task: 'summarise' } }
const v1 = { version: 1, ...simple }

describe('a message', () => {
  it('gets an id, a timestamp and the defaults', () => {
    expect(read(simple)).toEqual({
      version: 1,
      message_id: '019584f0-0000-7000-8000-000000000000',
      ...simple,
      priority: 2,
      timestamp: '2026-03-01T00:00:00.000Z',
      ttl: 3600,
      delivery_options: {
        delay_seconds: 0,
        max_attempts: 5,
        backoff: { type: 'exponential', base_seconds: 2, cap_seconds: 300 },
        lease_seconds: 30,
      },
    })
  })

  it('keeps everything that the sender gives', () => {
    const full = {
      ...v1,
      message_id: 'order 66/α',
      to_agent: 'capability:code review',
      priority: 4,
      timestamp: '2026-03-01T12:00:00.123456+02:00',
      ttl: 1_209_600,
      delivery_options: {
        delay_seconds: 10,
        max_attempts: 1,
        backoff: { type: 'fixed', base_seconds: 1, cap_seconds: 1 },
        lease_seconds: 60,
        ordering_key: 'customer-7',
      },
      metadata: { trace: 't' },
      conversation_id: '6f1e8c52-0a3b-4d5e-8f70-123456789abc',
      correlation_id: 'c',
      reply_to: 'planner',
      causation_id: 'm-0',
    }
    expect(read(full)).toEqual(full)
  })

  it('writes the number of a named priority and a UUID in lower case', () => {
    const message = read({ ...v1, priority: 'critical', conversation_id: '6F1E8C52-0A3B-4D5E-8F70-123456789ABC' })
    expect(message).toMatchObject({ priority: 4, conversation_id: '6f1e8c52-0a3b-4d5e-8f70-123456789abc' })
  })

  it('takes null for an optional field left out', () => {
    const nulls = {
      message_id: null,
      priority: null,
      timestamp: null,
      ttl: null,
      delivery_options: { delay_seconds: null, backoff: { type: null, base_seconds: 1 }, ordering_key: null },
      metadata: null,
      conversation_id: null,
      correlation_id: null,
      reply_to: null,
      causation_id: null,
    }
    expect(read({ ...v1, ...nulls })).toEqual(read({ ...v1, delivery_options: { backoff: { base_seconds: 1 } } }))
  })

  it('names every fault at once', () => {
    const input = {
      from_agent: '',
      body: [],
      priority: 9,
      colour: 'red',
      ttl: 0,
      delivery_options: { max_attempts: 0, speed: 1 },
    }
    expect(fieldsOf(input).sort()).toEqual([
      'body',
      'colour',
      'delivery_options.max_attempts',
      'delivery_options.speed',
      'from_agent',
      'message_type',
      'priority',
      'to_agent',
      'ttl',
    ])
  })

  it('says which fields are required', () => {
    const { errors, code } = refusalOf(() => read({}))
    expect(code).toBe('request.invalid')
    expect(errors).toEqual(
      ['from_agent', 'to_agent', 'message_type', 'body'].map((field) => ({ field, message: 'is required' })),
    )
  })

  it.each([null, undefined, 'text', 7, [simple], new Date()])('is not %j', (input) => {
    expect(refusalOf(() => read(input)).code).toBe('request.invalid')
  })

  it.each([
    { ttl: 0 },
    { ttl: 1_209_601 },
    { ttl: 1.5 },
    { ttl: '60' },
    { message_id: '' },
    { message_id: 'a\nb' },
    { message_id: 'x'.repeat(129) },
    { message_id: 7 },
    { message_type: 'a\u0000' },
    { from_agent: 'topic:x' },
    { to_agent: 'a/b' },
    { conversation_id: 'not-a-uuid' },
    { correlation_id: '' },
    { reply_to: '\u202e' },
    { causation_id: 'x'.repeat(129) },
    { timestamp: 'now' },
    { timestamp: 1_700_000_000 },
    { body: null },
    { body: 'text' },
    { body: [] },
    { metadata: [] },
    { metadata: 'x' },
    { delivery_options: [] },
    JSON.parse('{"__proto__":1}') as object,
  ])('is refused with %j', (change) => {
    expect(fieldsOf({ ...v1, ...change })).toEqual(Object.keys(change))
  })

  it('puts the path in front of every field', () => {
    const refusal = refusalOf(() => read({ ...v1, to_agent: 1, 'odd name': 1 }, 'messages[3]'))
    expect(refusal.errors.map((fault) => fault.field)).toEqual(['messages[3].to_agent', 'messages[3]["odd name"]'])
    expect(refusalOf(() => read({ ...v1, version: 9 }, 'messages[0]')).errors[0]?.field).toBe('messages[0].version')
    expect(refusalOf(() => read(7, 'messages[1]')).errors[0]?.field).toBe('messages[1]')
  })

  it('never shows what a field holds', () => {
    const refusal = refusalOf(() =>
      read({ ...v1, to_agent: 'hunter2\n', body: 'hunter2', timestamp: 'hunter2', version: 1 }),
    )
    expect(refusal.message + JSON.stringify(refusal.errors)).not.toContain('hunter2')
    expect(refusalOf(() => read({ ...v1, version: 'hunter2' })).message).not.toContain('hunter2')
  })
})

describe('a delay', () => {
  it('may be just less than the ttl', () => {
    expect(read({ ...v1, ttl: 10, delivery_options: { delay_seconds: 9.999 } }).delivery_options.delay_seconds).toBe(
      9.999,
    )
  })

  it.each([
    [{ ttl: 10, delivery_options: { delay_seconds: 10 } }],
    [{ ttl: 1, delivery_options: { delay_seconds: 0.9996 } }],
    [{ ttl: 3600, delivery_options: { delay_seconds: 3599.9999 } }],
    [{ ttl: 1_209_600, delivery_options: { delay_seconds: 1_209_599.9995 } }],
    [{ version: 1, ttl: 1, delivery_options: { delay_seconds: 0.9995 } }],
    [{ delivery_options: { delay_seconds: 3600 } }],
    [{ delivery_options: { delay_seconds: 1e15 } }],
  ])('that reaches the ttl is 422: %j', (change) => {
    const refusal = refusalOf(() => read({ ...v1, ...change }))
    expect(refusal).toMatchObject({ code: 'request.unprocessable', status: 422 })
    expect(refusal.errors.map((fault) => fault.field)).toEqual(['delivery_options.delay_seconds'])
  })

  it('is named along with other faults', () => {
    const refusal = refusalOf(() => read({ ...v1, colour: 1, ttl: 10, delivery_options: { delay_seconds: 10 } }))
    expect(refusal.code).toBe('request.invalid')
    expect(refusal.errors.map((fault) => fault.field).sort()).toEqual(['colour', 'delivery_options.delay_seconds'])
  })
})

describe('sizes', () => {
  const bodyOf = (bytes: number, unit = 'x') => ({
    t: unit.repeat((bytes - '{"t":""}'.length) / Buffer.byteLength(unit)),
  })

  it('takes a body of exactly 256 KiB as UTF-8 and no byte more', () => {
    expect(Buffer.byteLength(JSON.stringify(bodyOf(largestBodyBytes)))).toBe(262_144)
    expect(() => read({ ...v1, body: bodyOf(largestBodyBytes) })).not.toThrow()
    const refusal = refusalOf(() => read({ ...v1, body: bodyOf(largestBodyBytes + 1) }))
    expect(refusal).toMatchObject({ code: 'request.too_large', status: 413 })
    expect(refusal.errors.map((fault) => fault.field)).toEqual(['body'])
  })

  it('counts bytes, not characters', () => {
    expect(() => read({ ...v1, body: bodyOf(largestBodyBytes, 'é') })).not.toThrow()
    expect(refusalOf(() => read({ ...v1, body: bodyOf(largestBodyBytes + 2, 'é') })).code).toBe('request.too_large')
    expect(refusalOf(() => read({ ...v1, body: { t: '日'.repeat(100_000) } })).code).toBe('request.too_large')
  })

  it('bounds metadata, what an older shape left there included', () => {
    expect(() => read({ ...v1, metadata: bodyOf(largestMetadataBytes) })).not.toThrow()
    expect(refusalOf(() => read({ ...v1, metadata: bodyOf(largestMetadataBytes + 1) })).errors[0]).toMatchObject({
      field: 'metadata',
      code: 'request.too_large',
    })
    const headers = bodyOf(largestMetadataBytes)
    const older = { type: 't', payload: {}, source_agent: 'a', target_agent: 'b', headers }
    expect(refusalOf(() => read(older))).toMatchObject({ code: 'request.too_large' })
  })

  it('bounds nesting', () => {
    const nested = (depth: number) => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)) as object
    expect(() => read({ ...v1, body: nested(100) })).not.toThrow()
    expect(fieldsOf({ ...v1, body: nested(101) })).toEqual(['body'])
  })
})

describe('what JSON cannot carry', () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic

  it.each([
    [{ n: Number.NaN }],
    [{ n: Number.POSITIVE_INFINITY }],
    [{ n: 2 ** 53 }],
    [{ n: undefined }],
    [{ n: [undefined] }],
    [{ n: () => 1 }],
    [{ n: 1n }],
    [{ n: new Date() }],
    [{ n: new Map() }],
    [{ n: '\ud800' }],
    [{ '\udc00': 1 }],
    [{ n: 'a\0' }],
    [{ 'a\0': 1 }],
    [cyclic],
  ])('is refused in body and metadata: %o', (value) => {
    expect(fieldsOf({ ...v1, body: value, metadata: value })).toEqual(['body', 'metadata'])
  })

  it('leaves numbers with an exponent alone', () => {
    expect(read({ ...v1, body: { n: 6.022e23 } }).body).toEqual({ n: 6.022e23 })
  })
})

describe('__proto__ in a body', () => {
  it('is data', () => {
    const body: unknown = JSON.parse('{"__proto__":{"admin":true}}')
    const message = read({ ...v1, body })
    expect(JSON.stringify(message.body)).toBe('{"__proto__":{"admin":true}}')
    expect(Object.getPrototypeOf(message.body)).toBe(Object.prototype)
  })
})

describe('many messages', () => {
  const path = (index: number) => `messages[${index}]`
  const readAll = (inputs: unknown[]) => parseMessages(inputs, { ...options, path })

  it('are read in their order', () => {
    expect(readAll([v1, { ...v1, priority: 'high' }]).map((message) => message.priority)).toEqual([2, 3])
    expect(readAll([])).toEqual([])
  })

  it('are refused together, each fault under its message', () => {
    const refusal = refusalOf(() => readAll([{ ...v1, to_agent: 1 }, v1, { ...v1, version: 3 }, 7]))
    expect(refusal.code).toBe('request.invalid')
    expect(refusal.errors.map((fault) => fault.field)).toEqual([
      'messages[0].to_agent',
      'messages[2].version',
      'messages[3]',
    ])
  })

  it('keep the code when all faults have the same', () => {
    const late = { ...v1, delivery_options: { delay_seconds: 4000 } }
    expect(refusalOf(() => readAll([late, v1, late]))).toMatchObject({ code: 'request.unprocessable' })
    expect(refusalOf(() => readAll([{ ...v1, version: 3 }, v1]))).toMatchObject({ code: 'version.unknown' })
  })
})

describe('the JSON schema', () => {
  it('can be made of what is published and of what is received', () => {
    const input = z.toJSONSchema(PublishInput, { io: 'input' })
    expect(input).toMatchObject({
      required: ['to_agent', 'message_type', 'body'],
      additionalProperties: false,
    })
    expect(input.properties?.body).toMatchObject({ type: 'object' })
    const output = z.toJSONSchema(AgentMessage(), { io: 'output' })
    expect(output.required).toContain('message_id')
  })
})
