import { v5 } from 'uuid'
import type { AgentMessage } from './message.ts'

/** The namespace (RFC 9562) of conversation ids that are derived from other ids. */
export const conversationNamespace = '6f1f1c3e-0f52-5b0a-9c56-2f7c5f0f3a11'

/** The conversation of a message: its own id, else the UUIDv5 of its correlation id, else of its message id. */
export function conversationIdOf(message: AgentMessage): string {
  return message.conversation_id ?? v5(message.correlation_id ?? message.message_id, conversationNamespace)
}
