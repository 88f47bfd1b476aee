import { conversationNamespace } from '../../../protocol/conversation-id.ts'
import type { ColumnReport, TableReport } from '../../analyze/report.ts'
import { columnOf, moment, rest, rowPrefix } from '../draft.ts'
import { isText, named, namedLabel, whyNoName, whyNotThere } from './choose-columns.ts'
import { whyMoney, whyNothingHappened } from './counter-evidence.ts'
import { wordSet } from './name-words.ts'
import type { Suggest } from './suggestion.ts'
import { isCalled, whyOtherSubject } from './table-subject.ts'
import { timeColumn, whyNoTime } from './time-column.ts'

/** The bytes that a key has behind its prefix, at most. */
const longestKey = 120

const senders = ['from_agent', 'from_agent_id', 'sender', 'sender_id', 'sender_name', 'sender_agent', 'source_agent']
const recipients = [
  ...['to_agent', 'to_agent_id', 'recipient', 'recipient_id', 'recipient_name', 'recipient_agent'],
  ...['receiver', 'receiver_id', 'receiver_name', 'receiver_agent', 'target_agent'],
]
/** Two ends of anything. */
const ends = { from: ['from_id', 'from', 'src'], to: ['to_id', 'to', 'dst'] }
const bodies = ['message', 'content', 'body', 'msg', 'message_text', 'message_content', 'message_body']
const correspondence = wordSet(
  'message msg chat conversation dialog dialogue mail email inbox outbox communication comm correspondence dm',
)

/** Two ends and a text may be an edge of a graph, or a packet: something must say that it is a message. */
function whyNotSaid(table: TableReport, ...[from, to, body]: ColumnReport[]): string | undefined {
  const other = whyOtherSubject(table, 'links', 'payments')
  if (other !== undefined) return other
  const isEnd = named({ columns: [from, to].filter((one) => one !== undefined) }, ...ends.from, ...ends.to)
  const isBody = body !== undefined && named({ columns: [body] }, ...bodies) !== undefined
  if (!isEnd || isBody || isCalled(table, correspondence)) return undefined
  return `${isEnd.name} is an end of anything, and neither ${table.name} nor ${body?.name} is called like messages`
}

/** A table with a sender, a recipient, a text and a moment, whose rows have one key. */
export const suggestMessages: Suggest = (draft) => {
  const { table } = draft
  const from = named(table, ...senders, ...ends.from)
  const to = named(table, ...recipients, ...ends.to)
  const body = named(table, ...bodies, 'payload', 'text')
  const time = timeColumn(table)
  const [key, ...others] = table.primary_key
  if (!from || !to || !body) return undefined
  const hasAll = `${from.name}, ${to.name} and ${body.name} may be messages`
  const against =
    whyNothingHappened(table) ??
    whyMoney(table) ??
    whyNotSaid(table, from, to, body) ??
    whyNoName(from) ??
    whyNoName(to) ??
    (isText(body) ? undefined : `${body.name} does not hold texts alone`)
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
