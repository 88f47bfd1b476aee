import fc from 'fast-check'
import type { JsonObject } from './json-value.ts'

// What a message may be, as fast-check generators, for the tests of this folder.

const storableText = fc.string({ unit: 'binary', maxLength: 16 }).filter((text) => !text.includes('\0'))
const storableNumber = fc.oneof(
  fc.maxSafeInteger(),
  fc
    .double({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, noNaN: true })
    .map((number) => (Object.is(number, -0) ? 0 : number)),
  fc.double({ min: 1e21, max: Number.MAX_VALUE, noNaN: true }),
)
const key = fc.oneof({ weight: 9, arbitrary: storableText }, fc.constantFrom('__proto__', 'constructor', '10', '9'))

function objectOf(member: fc.Arbitrary<unknown>): fc.Arbitrary<JsonObject> {
  // By way of JSON, so that `__proto__` is a member and not the prototype.
  return fc
    .uniqueArray(fc.tuple(key, member), { maxLength: 4, selector: ([name]) => name })
    .map(
      (members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
    )
    .map((text) => JSON.parse(text) as JsonObject)
}

/** Any JSON value that a message may hold. */
export const storableValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    storableText,
    storableNumber,
    fc.constantFrom(null, true, false),
    fc.array(tie('value'), { maxLength: 4 }),
    objectOf(tie('value')),
  ),
})).value

/** Any JSON object that a message may hold. */
export const storableObject = objectOf(storableValue)

const printable = fc
  .string({
    unit: fc.constantFrom('a', 'Z', '0', '-', ' ', '/', ':', 'ß', '日', '\u{1f41d}'),
    minLength: 1,
    maxLength: 128,
  })
  .filter((text) => [...text].length <= 128)
const agentName = fc.stringMatching(/^[A-Za-z0-9_](?:[A-Za-z0-9 ._@+-]{0,20}[A-Za-z0-9._@+-])?$/)
const address = fc.tuple(fc.constantFrom('', 'topic:', 'capability:'), agentName).map((parts) => parts.join(''))
const moment = fc
  .date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString())
const zoned = fc.tuple(moment, fc.constantFrom('Z', '+02:00', '-09:30')).map(([text, zone]) => text.replace('Z', zone))
const zoneless = moment.map((text) => text.slice(0, -1))
const optionalFields = {
  conversation_id: fc.uuid(),
  correlation_id: printable,
  reply_to: printable,
  causation_id: printable,
}

/** Valid messages of version 1 as a sender may write them, with any of the optional fields, some of them null. */
export const currentMessage: fc.Arbitrary<JsonObject> = fc.record(
  {
    version: fc.constant(1),
    from_agent: agentName,
    to_agent: address,
    message_type: printable,
    body: storableObject,
    message_id: printable,
    priority: fc.constantFrom(1, 2, 3, 4, 'low', 'Medium', 'HIGH', 'critical', null),
    timestamp: fc.oneof(zoned, zoneless),
    ttl: fc.integer({ min: 1, max: 1_209_600 }),
    metadata: storableObject,
    delivery_options: fc.record(
      {
        delay_seconds: fc.constantFrom(0, 0.5, null),
        max_attempts: fc.integer({ min: 1, max: 100 }),
        backoff: fc.oneof(
          fc.constantFrom('fixed', 'exponential'),
          fc.record(
            {
              type: fc.constantFrom('fixed', 'exponential'),
              base_seconds: fc.constantFrom(0, 0.5, 10),
              cap_seconds: fc.constantFrom(10, 43_200),
            },
            { requiredKeys: [] },
          ),
        ),
        lease_seconds: fc.constantFrom(0.001, 30, 43_200),
        ordering_key: printable,
      },
      { requiredKeys: [] },
    ),
    ...optionalFields,
  },
  { requiredKeys: ['version', 'from_agent', 'to_agent', 'message_type', 'body'] },
)

/** Valid messages of the older shape A: v1's names, its own delivery options, zone-less timestamps, URGENT and EMERGENCY. */
export const acknowledgedMessage: fc.Arbitrary<JsonObject> = fc.record(
  {
    from_agent: agentName,
    to_agent: address,
    message_type: printable,
    body: fc.oneof(storableObject, storableValue),
    message_id: printable,
    timestamp: fc.oneof(zoned, zoneless),
    priority: fc.constantFrom(1, 2, 3, 4, 5, 'LOW', 'MEDIUM', 'HIGH', 'URGENT', 'EMERGENCY', 'urgent'),
    correlation_id: fc.option(printable),
    reply_to: fc.option(printable),
    delivery_options: fc.record(
      {
        require_ack: fc.boolean(),
        max_retries: fc.oneof(fc.integer({ min: -1, max: 200 }), fc.constant(null)),
        retry_delay_seconds: fc.oneof(fc.integer({ min: -1, max: 50_000 }), fc.constantFrom(0.25, null)),
        ttl_seconds: fc.oneof(fc.integer({ min: -1, max: 2_000_000 }), fc.constantFrom(0.25, null)),
        persistent: fc.boolean(),
      },
      { requiredKeys: ['require_ack'] },
    ),
    metadata: fc.option(
      fc.oneof(
        storableObject,
        storableObject.map((metadata) => ({ ...metadata, legacy: 'mine' })),
      ),
    ),
  },
  { requiredKeys: ['from_agent', 'to_agent', 'message_type', 'body', 'metadata'] },
)

/** Valid messages of the older shape B: `payload`, `source_agent`, `target_agent` or `target_group`. */
export const payloadMessage: fc.Arbitrary<JsonObject> = fc.record(
  {
    type: printable,
    payload: fc.oneof(storableObject, storableValue),
    source_agent: agentName,
    target_agent: fc.option(agentName),
    target_group: agentName,
    headers: fc.option(storableObject),
    priority: fc.constantFrom(1, 2, 3, 4, 5, 'LOW', 'NORMAL', 'HIGH', 'URGENT', 'CRITICAL', 'normal'),
    status: fc.constantFrom('pending', 'delivered', null),
  },
  { requiredKeys: ['type', 'payload', 'source_agent', 'target_group'] },
)
