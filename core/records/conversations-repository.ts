import type { Status } from '../protocol/status.ts'
import type { Page } from './page.ts'

/** Names one message at one recipient. */
export type MessageKey = { from_agent: string; message_id: string; to_agent: string }

/** What became of a message. */
export type StatusEvent = MessageKey & {
  status: Status
  /** µs by the bus's clock. Only a newer status is applied. */
  status_at: number
  attempts: number
  reason: string | null
}

/** A message that was accepted. */
export type ConversationEvent = StatusEvent & {
  /** UUID. */
  conversation_id: string
  message_type: string
  /** The body as JSON text. */
  content: string
  /** ISO 8601 with a zone. */
  timestamp: string
  priority: number
  metadata: object
}

/** A stored message. `id` is a 64-bit integer in decimal digits. */
export type ConversationRow = ConversationEvent & { id: string }

export type ConversationQuery = {
  /** Sender or recipient. */
  agent?: string | undefined
  /** The other one of the two; only with `agent`. */
  with?: string | undefined
  /**
   * Words that the body has, in any order and case; `"words in a row"`, `or` and `-without` are understood. Found are
   * whole words, in keys and values, of the first 65,536 characters of a body.
   */
  search?: string | undefined
  /** ISO 8601; included. */
  from?: string | undefined
  /** ISO 8601; excluded. */
  to?: string | undefined
  limit: number
  cursor?: string | undefined
}

/** All methods raise `postgres.unavailable`. */
export interface ConversationsRepository {
  /**
   * Stores accepted messages and applies changes of status, all or nothing. The same events may come again, in any
   * order, from several callers at once: a row ends with its newest status. A change of a message that was never
   * stored is dropped.
   */
  record(accepted: ConversationEvent[], changes: StatusEvent[]): Promise<void>
  /**
   * The messages of a conversation, oldest first, after the place of a cursor; only those that `party` sent or received. A page ends at `limit` rows or about
   * 3 MiB of JSON. Throws `cursor.invalid`.
   */
  byConversation(
    conversation_id: string,
    page: { after?: string | undefined; limit: number; party?: string | undefined },
  ): Promise<Page<ConversationRow>>
  /** Messages newest first. A page ends at `limit` rows or about 3 MiB of JSON. Throws `cursor.invalid`. */
  query(query: ConversationQuery): Promise<Page<ConversationRow>>
  /** One row a recipient, by the recipient's name. */
  byMessage(from_agent: string, message_id: string): Promise<ConversationRow[]>
}
