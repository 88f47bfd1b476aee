import { createHash } from 'node:crypto'
import { Printable } from '../../../core/protocol/printable.ts'
import { normaliseTimestamp, Timestamp } from '../../../core/protocol/timestamp.ts'
import { agentNameFor } from './agent-name-for.ts'
import { jsonValue, type SourceRow } from './source-row.ts'

/** The oldest message shape that is still understood: what the Python hive's `AgentMessage.to_dict()` wrote. */
export type OldestMessage = {
  from_agent: string
  to_agent: string
  message_type: string
  body: Record<string, unknown>
  message_id: string
  /** Missing where the source has no moment: then the hive takes the time of acceptance. */
  timestamp?: string
  /** LOW 1, MEDIUM 2, HIGH 3, URGENT 4, EMERGENCY 5. */
  priority: 1 | 2 | 3 | 4 | 5
  correlation_id: string
  reply_to: null
  delivery_options: {
    require_ack: boolean
    max_retries: number
    retry_delay_seconds: number
    ttl_seconds: number
    persistent: boolean
  }
  metadata: Record<string, unknown>
}

export type Replayed = {
  row: SourceRow
  from: string
  to: string
  type: string
  body: Record<string, unknown>
  priority: OldestMessage['priority']
  /** What the message belongs to in its source. Without one it belongs to its file. */
  thread: string | null
  /** As the source has it, with or without a zone. */
  timestamp: string | null
  ttlSeconds: number
}

/**
 * Puts a row into the oldest envelope. Its id comes from the source's name, the table, the rowid and what the row says,
 * so that a file replayed again, or replayed after it has grown, adds only what is new.
 */
export function toOldestMessage(replayed: Replayed): OldestMessage {
  const { row, from, to, type, thread, timestamp } = replayed
  const fromAgent = agentNameFor(from)
  const toAgent = agentNameFor(to)
  const messageType = printable(type)
  const correlationId = printable(thread ?? `replay:${row.source}`)
  const originals = {
    from_agent: from === fromAgent ? undefined : from,
    to_agent: to === toAgent ? undefined : to,
    message_type: type === messageType ? undefined : type,
    thread: thread === null || thread === correlationId ? undefined : thread,
    timestamp: timestamp ?? undefined,
  }
  return {
    from_agent: fromAgent,
    to_agent: toAgent,
    message_type: messageType,
    body: replayed.body,
    message_id: messageId(replayed),
    ...zonedTimestamp(timestamp),
    priority: replayed.priority,
    correlation_id: correlationId,
    reply_to: null,
    delivery_options: {
      require_ack: true,
      max_retries: 3,
      retry_delay_seconds: 30,
      ttl_seconds: replayed.ttlSeconds,
      persistent: true,
    },
    metadata: {
      replayed_from: { source: row.source, table: row.table, rowid: String(row.rowid), ...storable(originals) },
    },
  }
}

function messageId({ row, from, to, type, body, thread, timestamp }: Replayed): string {
  const said = JSON.stringify([row.source, row.table, String(row.rowid), from, to, type, body, thread, timestamp])
  const hash = createHash('sha256').update(said).digest('hex').slice(0, 32)
  return `replay-${row.table}-${row.rowid}-${hash}`
}

/** Text as an identifier may be: itself, or a readable form told apart by its hash. */
function printable(original: string): string {
  if (Printable().safeParse(original).success) return original
  const hash = createHash('sha256').update(original).digest('hex').slice(0, 12)
  return `${original.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 100)}-${hash}`
}

/** ISO 8601 with a zone, or nothing when it is no moment. SQLite's `2025-09-19 13:10:19` and Python's `isoformat()` are UTC. */
function zonedTimestamp(original: string | null): { timestamp?: string } {
  const parsed = Timestamp().safeParse(normaliseTimestamp(original ?? ''))
  return parsed.success ? { timestamp: parsed.data } : {}
}

const storable = (originals: Record<string, string | undefined>) =>
  Object.fromEntries(
    Object.entries(originals).flatMap(([name, value]) => (value === undefined ? [] : [[name, jsonValue(value)]])),
  )
