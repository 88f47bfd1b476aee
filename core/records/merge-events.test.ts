import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConversationEvent, StatusEvent } from './conversations-repository.ts'
import { mergeEvents } from './merge-events.ts'

const change = fc.record<StatusEvent>({
  from_agent: fc.constantFrom('a', 'b'),
  message_id: fc.constantFrom('1', '2'),
  to_agent: fc.constantFrom('x', 'y'),
  status: fc.constantFrom('pending', 'delivered', 'failed'),
  status_at: fc.integer({ min: 1, max: 5 }),
  attempts: fc.nat(3),
  reason: fc.constantFrom(null, 'r'),
})
const acceptance = change.map(
  (event): ConversationEvent => ({
    ...event,
    status: 'pending',
    conversation_id: '00000000-0000-4000-8000-000000000000',
    message_type: 't',
    content: `content of ${keyOf(event)}`,
    timestamp: '2026-03-01T00:00:00Z',
    priority: 2,
    metadata: {},
  }),
)
const keyOf = ({ from_agent, message_id, to_agent }: StatusEvent) => `${from_agent} ${message_id} ${to_agent}`

describe('mergeEvents', () => {
  it('gives each message once, with the newest status, as a row if it was accepted', () => {
    fc.assert(
      fc.property(fc.array(acceptance), fc.array(change), (accepted, changes) => {
        const { rows, updates } = mergeEvents(accepted, changes)
        const keys = [...rows, ...updates].map(keyOf)
        expect(new Set(keys).size).toBe(keys.length)
        expect(new Set(keys)).toEqual(new Set([...accepted, ...changes].map(keyOf)))
        expect(new Set(rows.map(keyOf))).toEqual(new Set(accepted.map(keyOf)))
        for (const row of rows) expect(row.content).toBe(`content of ${keyOf(row)}`)
        for (const merged of [...rows, ...updates]) {
          const all = [...accepted, ...changes].filter((event) => keyOf(event) === keyOf(merged))
          const newest = Math.max(...all.map(({ status_at }) => status_at))
          const ends = all.filter((event) => event.status_at === newest && event.status !== 'pending')
          expect(merged.status_at).toBe(newest)
          if (ends.length > 0) expect(ends.map(({ status }) => status)).toContain(merged.status)
          else expect(merged.status).toBe('pending')
        }
      }),
    )
  })
})
