import { conversationNamespace } from '../../../protocol/conversation-id.ts'
import { moment, rest, rowPrefix } from '../draft.ts'
import { isAlwaysThere, isText, named, timeColumn } from './choose-columns.ts'
import type { Suggest } from './suggestion.ts'

/** A table with a sender, a recipient, a text and a moment, whose rows have one key. */
export const suggestMessages: Suggest = (draft) => {
  const { table } = draft
  const from = named(table, 'from_agent', 'sender', 'sender_id', 'source_agent', 'from_id')
  const to = named(table, 'to_agent', 'recipient', 'recipient_id', 'receiver', 'receiver_id', 'target_agent', 'to_id')
  const body = named(table, 'message', 'content', 'body', 'payload', 'text')
  const time = timeColumn(table)
  const [key, ...others] = table.primary_key
  if (!from || !to || !body || !time || key === undefined || others.length > 0) return undefined
  if (![from, to].every((column) => isText(column) && isAlwaysThere(column)) || !isText(body)) return undefined
  const type = named(table, 'message_type', 'type', 'kind')
  const thread = named(table, 'conversation_id', 'thread_id', 'correlation_id', 'session_id')
  const prefix = rowPrefix(draft)
  const placed = [from.name, to.name, body.name, time.name, key, ...(type ? [type.name] : [])]
  return {
    because: `${from.name} and ${to.name} name two agents, ${body.name} is what was said and ${time.name} says when`,
    table: {
      target: 'agent_conversations',
      columns: {
        conversation_id: {
          rule: 'uuid5',
          from: thread?.name ?? key,
          namespace: conversationNamespace,
          otherwise: { prefix, from: key },
        },
        from_agent: { rule: 'copy', from: from.name },
        to_agent: { rule: 'copy', from: to.name },
        message_type: type
          ? { rule: 'copy', from: type.name, otherwise: 'message' }
          : { rule: 'constant', value: 'message' },
        content: { rule: 'body', members: { [body.name]: body.name } },
        timestamp: moment(table, time.name),
        message_id: { rule: 'copy', from: key, prefix },
        priority: { rule: 'constant', value: 2 },
        status: { rule: 'constant', value: 'delivered' },
        status_at: moment(table, time.name),
        attempts: { rule: 'constant', value: 1 },
        metadata: rest(table, placed),
      },
    },
  }
}
