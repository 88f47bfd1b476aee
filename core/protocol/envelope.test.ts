import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { acknowledgedMessage, currentMessage, payloadMessage } from './arbitrary-messages.ts'
import { decodeEnvelope, encodeEnvelope } from './envelope.ts'
import { parseJson } from './json.ts'
import { parseMessage } from './message.ts'

const options = { now: Date.UTC(2026, 2, 1), newId: () => 'generated' }

describe('an envelope', () => {
  it('reads back the message that was written', () => {
    fc.assert(
      fc.property(fc.oneof(currentMessage, acknowledgedMessage, payloadMessage), (input) => {
        const message = parseMessage(input, options)
        const text = encodeEnvelope(message)
        expect(text).not.toMatch(/[\n\0]/)
        expect(decodeEnvelope(text)).toEqual(message)
        expect(encodeEnvelope(decodeEnvelope(text))).toBe(text)
      }),
      { numRuns: 300 },
    )
  })

  it('can be published again as it was received', () => {
    fc.assert(
      fc.property(fc.oneof(currentMessage, acknowledgedMessage, payloadMessage), (input) => {
        const text = encodeEnvelope(parseMessage(input, options))
        const received = JSON.stringify(decodeEnvelope(text))
        expect(parseMessage(parseJson(received), options)).toEqual(decodeEnvelope(text))
      }),
      { numRuns: 300 },
    )
  })

  it('leaves out delivery options of which the sender said nothing', () => {
    const said = { from_agent: 'a', to_agent: 'b', message_type: 't', body: {} }
    const message = parseMessage(said, options)
    expect(encodeEnvelope(message)).not.toContain('delivery_options')
    expect(decodeEnvelope(encodeEnvelope(message))).toEqual(message)
    const other = parseMessage({ version: 1, ...said, delivery_options: { max_attempts: 6 } }, options)
    expect(encodeEnvelope(other)).toContain('"max_attempts":6')
  })

  // stored messages rely on it: other defaults are another version
  it('has the delivery options of version 1 where it holds none', () => {
    expect(decodeEnvelope('{"version":1}').delivery_options).toEqual({
      delay_seconds: 0,
      max_attempts: 5,
      backoff: { type: 'exponential', base_seconds: 2, cap_seconds: 300 },
      lease_seconds: 30,
    })
  })

  it('of an older version is read as v1', () => {
    const stored = {
      type: 't',
      payload: { x: 1 },
      source_agent: 'a',
      target_agent: 'b',
      message_id: 'm',
      timestamp: '2025-07-16T01:09:24',
    }
    expect(decodeEnvelope(JSON.stringify(stored))).toMatchObject({
      version: 1,
      from_agent: 'a',
      to_agent: 'b',
      body: { x: 1 },
      timestamp: '2025-07-16T01:09:24Z',
    })
  })

  it.each(['', 'hunter2', '[]', '{}', '{"version":2}', 'null'])(
    'that is no message is an internal error: %j',
    (text) => {
      expect(() => decodeEnvelope(text)).toThrowError(
        expect.objectContaining({ code: 'internal', message: 'a stored message cannot be read' }),
      )
    },
  )
})
