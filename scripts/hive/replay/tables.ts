import { HiveError } from '../../../core/errors.ts'
import { parseJson } from '../../../core/protocol/json.ts'
import type { OldestMessage, Replayed } from './envelope.ts'
import { jsonValue, type SourceRow, text } from './source-row.ts'

export type ReplayTable = {
  name: string
  writtenBy: string
  /** Columns that must be there; others are not read. */
  columns: string[]
  read(row: SourceRow): Omit<Replayed, 'row' | 'ttlSeconds'>
}

/** The tables that hold agents' messages, and how a row of each is one. */
export const replayTables: ReplayTable[] = [
  {
    name: 'agent_messages',
    writtenBy: 'the Python agent hive',
    // read_status is the reader's mark, which changes: it is no part of the message
    columns: ['timestamp', 'from_agent', 'to_agent', 'message', 'message_type', 'thread_id'],
    read({ values }) {
      const type = text(values.message_type) || 'normal'
      return {
        from: text(values.from_agent) ?? '',
        to: text(values.to_agent) ?? '',
        type,
        body: { message: jsonValue(values.message) },
        priority: priorityNamed(type),
        thread: text(values.thread_id) || null,
        timestamp: text(values.timestamp),
      }
    },
  },
  {
    name: 'session_logs',
    writtenBy: 'claude-flow',
    columns: ['session_id', 'timestamp', 'log_level', 'message', 'agent_id', 'data'],
    read({ values }) {
      const session = text(values.session_id) ?? ''
      const level = text(values.log_level)
      return {
        // rows without an agent were written by the session's own process
        from: text(values.agent_id) || 'hive-mind',
        to: session,
        type: 'session_log',
        body: { message: jsonValue(values.message), log_level: level, data: parsedData(values.data) },
        priority: priorityOfLevel(level),
        thread: session || null,
        timestamp: text(values.timestamp),
      }
    },
  },
]

const priorityNames: Record<string, OldestMessage['priority']> = { low: 1, medium: 2, high: 3, urgent: 4, emergency: 5 }
const priorityNamed = (type: string): OldestMessage['priority'] => priorityNames[type.toLowerCase()] ?? 2

const levels: Record<string, OldestMessage['priority']> = { debug: 1, info: 2, warn: 3, warning: 3, error: 4, fatal: 5 }
const priorityOfLevel = (level: string | null): OldestMessage['priority'] => levels[level?.toLowerCase() ?? ''] ?? 2

/** JSON in a text column as what it says, unless reading it would change it: then it stays text. */
function parsedData(value: SourceRow['values'][string] | undefined): unknown {
  if (typeof value !== 'string') return jsonValue(value)
  try {
    return parseJson(value)
  } catch (error) {
    if (error instanceof HiveError) return value
    throw error
  }
}
