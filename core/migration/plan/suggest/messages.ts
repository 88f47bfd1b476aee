import { conversationNamespace } from '../../../protocol/conversation-id.ts'
import { columnOf, moment, rest, rowPrefix } from '../draft.ts'
import { isText, named, namedLabel, timeColumn, whyNoName, whyNoTime, whyNotThere } from './choose-columns.ts'
import type { Suggest } from './suggestion.ts'

/** The bytes that a key has behind its prefix, at most. */
const longestKey = 120

/** A table with a sender, a recipient, a text and a moment, whose rows have one key. */
export const suggestMessages: Suggest = (draft) => {
  const { table } = draft
  const from = named(table, 'from_agent', 'sender', 'sender_id', 'source_agent', 'from_id', 'from', 'src')
  const to = named(
    table,
    'to_agent',
    'recipient',
    'recipient_id',
    'receiver',
    'receiver_id',
    'target_agent',
    'to_id',
    'to',
    'dst',
  )
  const body = named(table, 'message', 'content', 'body', 'payload', 'text', 'msg')
  const time = timeColumn(table)
  const [key, ...others] = table.primary_key
  if (!from || !to || !body) return undefined
  const hasAll = `${from.name}, ${to.name} and ${body.name} may be messages`
  const against =
    whyNoName(from) ?? whyNoName(to) ?? (isText(body) ? undefined : `${body.name} does not hold texts alone`)
  if (against !== undefined) return { but: `${hasAll}, but ${against}` }
  if (!time) return { but: `${hasAll}, but ${whyNoTime(table)}` }
  if (key === undefined || others.length > 0) {
    return { but: `${hasAll}, but it has no primary key of one column to tell them apart by` }
  }
  const keyed = columnOf(table, key)
  const unkeyed =
    keyed &&
    (whyNotThere(keyed) ?? ((keyed.longest_bytes ?? 0) > longestKey ? `${key} is too long for an id` : undefined))
  if (unkeyed !== undefined) return { but: `${hasAll}, but ${unkeyed}` }
  const type = namedLabel(table, 'message_type', 'type', 'kind')
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
