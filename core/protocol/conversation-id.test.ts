import { describe, expect, it } from 'vitest'
import { conversationIdOf } from './conversation-id.ts'
import { parseMessage } from './message.ts'

const message = (more: object) =>
  parseMessage(
    { version: 1, message_id: 'order-66', from_agent: 'a', to_agent: 'b', message_type: 't', body: {}, ...more },
    { now: 0, newId: () => 'generated' },
  )

describe('the conversation of a message', () => {
  it('is its own id when it has one', () => {
    const conversation_id = '6f1e8c52-0a3b-4d5e-8f70-123456789abc'
    expect(conversationIdOf(message({ conversation_id, correlation_id: 'x' }))).toBe(conversation_id)
  })

  it('is else the UUIDv5 of its correlation id, else of its message id', () => {
    expect(conversationIdOf(message({}))).toBe('b12d7917-7e78-505f-9ec4-c0b64541d0d7')
    expect(conversationIdOf(message({ message_id: 'other', correlation_id: 'order-66' }))).toBe(
      'b12d7917-7e78-505f-9ec4-c0b64541d0d7',
    )
  })
})
