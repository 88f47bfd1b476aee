import { columns } from '../columns.ts'
import type { ConversationRow } from '../conversations-repository.ts'
import type { RunStatement, Value } from '../drivers/run-statement.ts'
import { toIso } from '../moment.ts'
import type { Page } from '../page.ts'
import { type Paged, pagedSelect, pageOf } from './page-of.ts'
import { decodePosition, encodePosition } from './position.ts'

export type ConversationStored = Omit<ConversationRow, 'status_at'> & { status_at: string }

export const conversationColumns = columns.agent_conversations.map((name) => `"${name}"`).join(', ')
/** What a page is measured by: content and metadata as the JSON of an answer has them. */
export const conversationBytes = 'to_json(content)::text || metadata::text'
const oldestFirst = '"timestamp", id'

/** Reads a conversation, oldest message first. */
export async function readConversation(
  run: RunStatement,
  conversationId: string,
  page: { after?: string | undefined; limit: number; party?: string | undefined },
): Promise<Page<ConversationRow>> {
  const values: Value[] = [conversationId, page.limit + 1]
  let after = ''
  let party = ''
  if (page.after !== undefined) {
    const last = decodePosition('conversation', page.after)
    values.push(last.timestamp, last.id)
    after = 'AND ("timestamp", id) > ($3::timestamptz, $4::bigint)'
  }
  if (page.party !== undefined) {
    values.push(page.party)
    party = `AND $${values.length} IN (from_agent, to_agent)`
  }
  const select = `SELECT ${conversationColumns} FROM agent_conversations WHERE conversation_id = $1::uuid ${after} ${party}
    ORDER BY ${oldestFirst} LIMIT $2::int`
  const rows = await run<ConversationStored & Paged>(pagedSelect(select, oldestFirst, conversationBytes), values)
  return pageOf(rows, page.limit, toConversationRow, (row) => encodePosition('conversation', row))
}

/** Reads what became of a message, one row a recipient. */
export async function readMessage(run: RunStatement, fromAgent: string, messageId: string): Promise<ConversationRow[]> {
  const rows = await run<ConversationStored>(
    `SELECT ${conversationColumns} FROM agent_conversations WHERE from_agent = $1 AND message_id = $2 ORDER BY to_agent`,
    [fromAgent, messageId],
  )
  return rows.map(toConversationRow)
}

export function toConversationRow(row: ConversationStored): ConversationRow {
  return {
    id: row.id,
    conversation_id: row.conversation_id,
    from_agent: row.from_agent,
    to_agent: row.to_agent,
    message_type: row.message_type,
    content: row.content,
    timestamp: toIso(row.timestamp) ?? row.timestamp,
    message_id: row.message_id,
    priority: row.priority,
    status: row.status,
    status_at: Number(row.status_at),
    attempts: row.attempts,
    reason: row.reason,
    metadata: row.metadata,
  }
}
