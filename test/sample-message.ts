import { randomUUID } from 'node:crypto'
import type * as z from 'zod'
import { AgentMessage } from '../core/protocol/message.ts'

type Overrides = Partial<Omit<z.input<ReturnType<typeof AgentMessage>>, 'ttl'>> & {
  /** Seconds; tests may go below the second that the protocol asks for. */
  ttl?: number
}

/** A valid message from `ann` to `bob`, with defaults for what a test does not care about. */
export function sampleMessage({ ttl, ...overrides }: Overrides = {}): AgentMessage {
  const message = AgentMessage().parse({
    message_id: randomUUID(),
    from_agent: 'ann',
    to_agent: 'bob',
    message_type: 'task',
    timestamp: '2026-03-01T12:00:00Z',
    body: { text: 'hello' },
    ...overrides,
  })
  return ttl === undefined ? message : { ...message, ttl }
}

/** As many sample messages, alike but for their ids. */
export function sampleMessages(count: number, overrides: Overrides = {}): AgentMessage[] {
  return Array.from({ length: count }, () => sampleMessage(overrides))
}
