import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HiveError } from '../errors.ts'
import { acknowledgedMessage, currentMessage, payloadMessage } from './arbitrary-messages.ts'
import { isJsonObject, type JsonObject } from './json-value.ts'
import { AgentMessage, parseMessage } from './message.ts'
import { detectShape } from './versions.ts'

const options = { now: Date.UTC(2026, 2, 1), newId: () => 'generated' }
const read = (input: unknown) => parseMessage(input, options)
const refusalOf = (input: unknown): HiveError => {
  try {
    read(input)
  } catch (error) {
    return error as HiveError
  }
  throw new Error('accepted')
}
const fieldsOf = (input: unknown) => refusalOf(input).errors.map((fault) => fault.field)

const a = { from_agent: 'planner', to_agent: 'worker', message_type: 'task', body: { x: 1 } }
const withOptions = (delivery_options: object, more: object = {}) => ({ ...a, delivery_options, ...more })
const b = { type: 'task', payload: { x: 1 }, source_agent: 'planner', target_agent: 'worker' }

const priorityNames = ['', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL']

/** Undoes the upcast of shape A with nothing but the result: what equals the original has lost nothing. */
function restoreAcknowledged(message: AgentMessage, original: JsonObject): JsonObject {
  const { legacy, rest } = splitMetadata(message, original)
  const kept = (legacy.delivery_options ?? {}) as JsonObject
  const restored: JsonObject = {
    ...message,
    body: restoreBody(message, legacy),
    priority: legacy.priority ?? message.priority,
    metadata: rest,
  }
  restored.delivery_options = {
    ...kept,
    max_retries: kept.max_retries ?? message.delivery_options.max_attempts - 1,
    retry_delay_seconds: kept.retry_delay_seconds ?? message.delivery_options.backoff.base_seconds,
    ttl_seconds: kept.ttl_seconds ?? message.ttl,
  }
  return asGiven(restored, original)
}

function restorePayload(message: AgentMessage, original: JsonObject): JsonObject {
  const { legacy } = splitMetadata(message, original)
  const topic = message.to_agent.startsWith('topic:')
  const restored: JsonObject = {
    type: message.message_type,
    payload: restoreBody(message, legacy),
    source_agent: message.from_agent,
    target_agent: topic ? undefined : message.to_agent,
    target_group: topic ? message.to_agent.slice('topic:'.length) : legacy.target_group,
    headers: legacy.headers,
    status: legacy.status,
    priority: legacy.priority ?? message.priority,
  }
  return asGiven(restored, original)
}

function splitMetadata(message: AgentMessage, original: JsonObject): { legacy: JsonObject; rest: JsonObject } {
  const rest: JsonObject = { ...message.metadata }
  const added = rest.legacy
  const given = isJsonObject(original.metadata) ? original.metadata.legacy : undefined
  if (!isJsonObject(added) || JSON.stringify(added) === JSON.stringify(given)) return { legacy: {}, rest }
  delete rest.legacy
  if (isJsonObject(added.metadata)) rest.legacy = added.metadata.legacy
  return { legacy: added, rest }
}

function restoreBody(message: AgentMessage, legacy: JsonObject): unknown {
  return typeof legacy.wrapped === 'string' ? message.body[legacy.wrapped] : message.body
}

/** Of the restored fields those that were given, priorities and timestamps spelt as they were given. */
function asGiven(restored: JsonObject, original: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(original).map(([field, given]) => {
      const value = restored[field]
      if (given === null && field !== 'body' && field !== 'payload') return [field, null]
      if (field === 'priority' && typeof given === 'string' && typeof value === 'number') {
        return [field, given.toUpperCase() === priorityNames[value] ? given : value]
      }
      if (field === 'timestamp') return [field, String(value).startsWith(String(given)) ? given : value]
      if (field === 'delivery_options') return [field, asGiven(value as JsonObject, given as JsonObject)]
      return [field, value]
    }),
  )
}

/** Equal as JSON, whatever the order of keys; `toEqual` takes a member called __proto__ for the prototype. */
function sortedText(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    isJsonObject(member) ? Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)) : member,
  )
}

describe('older shapes', () => {
  it.each([
    ['A', acknowledgedMessage, restoreAcknowledged],
    ['B', payloadMessage, restorePayload],
  ] as const)('%s is read as v1 and loses nothing', (_name, messages, restore) => {
    fc.assert(
      fc.property(messages, (original) => {
        const before = JSON.stringify(original)
        const message = read(original)
        expect(sortedText(restore(message, original))).toBe(sortedText(original))
        expect(JSON.stringify(original)).toBe(before)
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['A', acknowledgedMessage],
    ['B', payloadMessage],
    ['v1', currentMessage],
  ] as const)('%s gives what AgentMessage accepts and reads the same again', (_name, messages) => {
    fc.assert(
      fc.property(messages, (original) => {
        const message = read(original)
        const again = read(message)
        expect(JSON.stringify(again)).toBe(JSON.stringify(message))
        expect(JSON.stringify(AgentMessage().parse(message))).toBe(JSON.stringify(message))
      }),
      { numRuns: 200 },
    )
  })
})

describe('the shape of a message without a version', () => {
  it.each([
    [a, 'current'],
    [{ ...a, timestamp: '2025-07-16T01:09:24' }, 'current'],
    [{ ...a, delivery_options: { max_attempts: 3 } }, 'current'],
    [{ ...a, metadata: {} }, 'acknowledged'],
    [{ ...a, delivery_options: { require_ack: true } }, 'acknowledged'],
    [{ ...a, delivery_options: { max_retries: 3 } }, 'acknowledged'],
    [{ ...a, delivery_options: { retry_delay_seconds: 3 } }, 'acknowledged'],
    [{ ...a, delivery_options: { ttl_seconds: 3 } }, 'acknowledged'],
    [{ ...a, delivery_options: { persistent: true } }, 'acknowledged'],
    [{ ...a, version: 1, metadata: {} }, 'current'],
    [{ ...a, version: null, metadata: {} }, 'acknowledged'],
    [{ payload: {} }, 'payload'],
    [{ source_agent: 'x' }, 'payload'],
    [{ target_agent: 'x', metadata: {} }, 'payload'],
    [{ type: 'x' }, 'current'],
  ] as const)('of %j is %s', (input, shape) => {
    expect(detectShape(input)).toBe(shape)
  })
})

describe('shape A', () => {
  it('becomes v1', () => {
    const message = read({
      ...a,
      message_id: 'a-1',
      timestamp: '2025-07-16T01:09:24.577705',
      priority: 5,
      correlation_id: 'c-1',
      reply_to: 'planner',
      delivery_options: {
        require_ack: true,
        max_retries: 3,
        retry_delay_seconds: 5,
        ttl_seconds: 60,
        persistent: false,
      },
      metadata: { trace: 't-1' },
    })
    expect(message).toEqual({
      version: 1,
      ...a,
      message_id: 'a-1',
      timestamp: '2025-07-16T01:09:24.577705Z',
      priority: 4,
      ttl: 60,
      correlation_id: 'c-1',
      reply_to: 'planner',
      delivery_options: {
        delay_seconds: 0,
        max_attempts: 4,
        backoff: { type: 'fixed', base_seconds: 5, cap_seconds: 300 },
        lease_seconds: 30,
      },
      metadata: { trace: 't-1', legacy: { delivery_options: { require_ack: true, persistent: false }, priority: 5 } },
    })
  })

  it.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [5, 4],
    ['LOW', 1],
    ['medium', 2],
    ['HIGH', 3],
    ['URGENT', 4],
    ['Emergency', 4],
    ['CRITICAL', 4],
  ])('reads priority %j as %d', (given, priority) => {
    expect(read({ ...a, metadata: {}, priority: given }).priority).toBe(priority)
  })

  it('keeps metadata as it is when nothing is left over', () => {
    expect(read({ ...a, metadata: { legacy: 1, x: 2 } }).metadata).toEqual({ legacy: 1, x: 2 })
  })

  it("keeps a sender's own metadata.legacy inside of ours", () => {
    const message = read({ ...a, priority: 5, metadata: { legacy: { mine: 1 }, x: 2 } })
    expect(message.metadata).toEqual({ x: 2, legacy: { priority: 5, metadata: { legacy: { mine: 1 } } } })
  })

  it.each([
    ['hello', { text: 'hello' }, 'text'],
    [[1, 2], { value: [1, 2] }, 'value'],
    [7, { value: 7 }, 'value'],
    [null, { value: null }, 'value'],
  ])('puts the body %j into an object', (given, body, member) => {
    const message = read({ ...a, metadata: {}, body: given })
    expect(message.body).toEqual(body)
    expect(message.metadata).toEqual({ legacy: { wrapped: member } })
  })

  it.each([
    [{ ttl_seconds: 0 }, { ttl: 3600 }],
    [{ ttl_seconds: -5 }, { ttl: 3600 }],
    [{ ttl_seconds: 0.5 }, { ttl: 1 }],
    [{ ttl_seconds: 9_999_999 }, { ttl: 1_209_600 }],
    [{ max_retries: -1 }, { delivery_options: { max_attempts: 5 } }],
    [{ max_retries: 1000 }, { delivery_options: { max_attempts: 100 } }],
    [{ retry_delay_seconds: 100_000 }, { delivery_options: { backoff: { type: 'fixed', base_seconds: 43_200 } } }],
    [{ retry_delay_seconds: -1 }, { delivery_options: { backoff: { type: 'exponential' } } }],
  ])('brings %j within what v1 allows and keeps the original', (given, expected) => {
    const message = read(withOptions(given))
    expect(message).toMatchObject(expected)
    expect(message.metadata).toEqual({ legacy: { delivery_options: given } })
  })

  it('takes null for left out', () => {
    const nulls = {
      require_ack: null,
      max_retries: null,
      retry_delay_seconds: null,
      ttl_seconds: null,
      persistent: null,
    }
    const message = read(
      withOptions(nulls, { correlation_id: null, reply_to: null, metadata: null, priority: null, message_id: null }),
    )
    expect(message).toEqual(read({ ...a, version: 1, timestamp: message.timestamp }))
  })

  it("names faults by the sender's own names", () => {
    expect(fieldsOf(withOptions({ max_retries: 'many' }))).toEqual(['delivery_options.max_retries'])
    expect(fieldsOf(withOptions({ retry_delay_seconds: '5' }))).toEqual(['delivery_options.retry_delay_seconds'])
    expect(fieldsOf(withOptions({ ttl_seconds: '5' }))).toEqual(['delivery_options.ttl_seconds'])
    expect(fieldsOf(withOptions({ require_ack: true, retries: 1 }))).toEqual(['delivery_options.retries'])
    expect(fieldsOf({ ...a, metadata: {}, priority: 6 })).toEqual(['priority'])
  })

  it('refuses two names for one thing', () => {
    const input = withOptions(
      { max_retries: 1, max_attempts: 2, retry_delay_seconds: 1, backoff: 'fixed', ttl_seconds: 5 },
      { ttl: 6 },
    )
    expect(fieldsOf(input)).toEqual([
      'delivery_options.max_retries',
      'delivery_options.retry_delay_seconds',
      'delivery_options.ttl_seconds',
    ])
  })
})

describe('shape B', () => {
  it('becomes v1', () => {
    const message = read({ ...b, headers: { trace: 't-1' }, priority: 'NORMAL', status: 'pending', target_group: null })
    expect(message).toEqual({
      ...read({ ...a, version: 1 }),
      metadata: { legacy: { headers: { trace: 't-1' }, status: 'pending', priority: 'NORMAL' } },
    })
  })

  it.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 3],
    [5, 4],
    ['LOW', 1],
    ['Normal', 2],
    ['HIGH', 3],
    ['URGENT', 3],
    ['CRITICAL', 4],
    ['MEDIUM', 2],
  ])('reads priority %j as %d', (given, priority) => {
    expect(read({ ...b, priority: given }).priority).toBe(priority)
  })

  it('sends a group to its topic', () => {
    const message = read({ ...b, target_agent: null, target_group: 'reviewers' })
    expect(message.to_agent).toBe('topic:reviewers')
    expect(message.metadata).toBeUndefined()
  })

  it('prefers the agent when a group is named too, and keeps the group', () => {
    const message = read({ ...b, target_group: 'reviewers' })
    expect(message.to_agent).toBe('worker')
    expect(message.metadata).toEqual({ legacy: { target_group: 'reviewers' } })
  })

  it('wraps a payload that is no object', () => {
    expect(read({ ...b, payload: 'hello' })).toMatchObject({
      body: { text: 'hello' },
      metadata: { legacy: { wrapped: 'text' } },
    })
    expect(read({ ...b, payload: null })).toMatchObject({
      body: { value: null },
      metadata: { legacy: { wrapped: 'value' } },
    })
  })

  it('takes the fields of v1 that it has no name for', () => {
    const more = { message_id: 'b-1', ttl: 60, correlation_id: 'c-1', timestamp: '2025-07-16T01:09:24' }
    expect(read({ ...b, ...more })).toMatchObject({ ...more, timestamp: '2025-07-16T01:09:24Z' })
  })

  it("names faults by the sender's own names", () => {
    expect(fieldsOf({ payload: {} }).sort()).toEqual(['source_agent', 'target_agent', 'type'])
    expect(fieldsOf({ ...b, source_agent: 'a/b', type: '' }).sort()).toEqual(['source_agent', 'type'])
    expect(fieldsOf({ ...b, target_agent: undefined, target_group: 'a:b' })).toEqual(['target_group'])
    expect(fieldsOf({ type: 'x', source_agent: 'x', target_agent: 'y' })).toEqual(['payload'])
    expect(fieldsOf({ ...b, colour: 1 })).toEqual(['colour'])
  })

  it('refuses two names for one thing', () => {
    expect(fieldsOf({ ...b, message_type: 'x', body: {} })).toEqual(['type', 'payload'])
  })
})

describe('versions', () => {
  it.each([0, 2, 1.5, '1', '2.0', true, {}])('%j is refused, naming those understood', (version) => {
    const refusal = refusalOf({ ...a, version })
    expect(refusal).toMatchObject({ code: 'version.unknown', status: 400 })
    expect(refusal.message).toContain('versions understood: 1')
    expect(refusal.errors.map((fault) => fault.field)).toEqual(['version'])
  })

  it('v1 does not take the fields of older shapes', () => {
    expect(fieldsOf({ ...a, version: 1, payload: {} })).toEqual(['payload'])
    expect(fieldsOf({ ...a, version: 1, delivery_options: { max_retries: 1 } })).toEqual([
      'delivery_options.max_retries',
    ])
    expect(fieldsOf({ ...a, version: 1, priority: 'URGENT' })).toEqual(['priority'])
    expect(fieldsOf({ ...a, body: 'text' })).toEqual(['body'])
    expect(fieldsOf({ ...a, priority: 5 })).toEqual(['priority'])
  })

  it('v1 takes a moment without a zone for UTC', () => {
    expect(read({ ...a, version: 1, timestamp: '2025-07-16T01:09:24.577705' }).timestamp).toBe(
      '2025-07-16T01:09:24.577705Z',
    )
  })
})
