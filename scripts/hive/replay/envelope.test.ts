import { describe, expect, it } from 'vitest'
import { contentDigest } from '../../../core/protocol/digest.ts'
import { parseMessage } from '../../../core/protocol/message.ts'
import { detectShape } from '../../../core/protocol/versions.ts'
import { type OldestMessage, toOldestMessage } from './envelope.ts'
import type { SqlValue } from './source-row.ts'
import { type ReplayTable, replayTables } from './tables.ts'

const tableNamed = (name: string) => replayTables.find((table) => table.name === name) as ReplayTable

const agentMessage = {
  timestamp: '2025-07-17T14:38:01.123456',
  from_agent: 'Project Orchestrator',
  to_agent: 'quality',
  message: 'Are the gates green?',
  message_type: 'help_request',
  thread_id: 'release-1',
}
const sessionLog = {
  session_id: 'session-1',
  timestamp: '2025-09-19 13:10:49',
  log_level: 'info',
  message: 'Auto-save: agent_activity',
  agent_id: 'worker-0',
  data: '{"activity":"spawned"}',
}

function envelope(
  name: string,
  values: Record<string, SqlValue>,
  from: { source?: string; rowid?: bigint } = {},
): OldestMessage {
  const table = tableNamed(name)
  const row = { source: from.source ?? 'hive.db', table: name, rowid: from.rowid ?? 7n, values }
  return toOldestMessage({ ...table.read(row), row, ttlSeconds: 600 })
}

const parse = (message: OldestMessage) => parseMessage(message, { now: 0, newId: () => 'none' })

describe('a row of agent_messages', () => {
  it('becomes a message of the oldest shape, which the hive reads as today’s', () => {
    const message = envelope('agent_messages', agentMessage)
    expect(detectShape(message)).toBe('acknowledged')
    expect(parse(message)).toMatchObject({
      version: 1,
      from_agent: 'Project Orchestrator',
      to_agent: 'quality',
      message_type: 'help_request',
      priority: 2,
      timestamp: '2025-07-17T14:38:01.123456Z',
      ttl: 600,
      body: { message: 'Are the gates green?' },
      correlation_id: 'release-1',
      delivery_options: { max_attempts: 4, backoff: { type: 'fixed', base_seconds: 30 } },
      metadata: { replayed_from: { source: 'hive.db', table: 'agent_messages', rowid: '7' } },
    })
  })

  it('belongs to its file when it has no thread', () => {
    expect(envelope('agent_messages', { ...agentMessage, thread_id: null }).correlation_id).toBe('replay:hive.db')
  })

  it.each([
    ['normal', 2],
    ['Urgent', 4],
    ['emergency', 4],
    ['low', 1],
  ])('of type %s has priority %i', (message_type, priority) => {
    expect(parse(envelope('agent_messages', { ...agentMessage, message_type })).priority).toBe(priority)
  })

  it('keeps names, types and moments that no longer are any, and is still accepted', () => {
    const message = envelope('agent_messages', {
      timestamp: 'last Tuesday',
      from_agent: 'Agent «один»',
      to_agent: 'topic:everyone',
      message: 'nul \0 byte',
      message_type: 'two\nlines',
      thread_id: 't'.repeat(200),
    })
    const parsed = parse(message)
    expect(parsed.from_agent).toMatch(/^agent-[0-9a-f]{8}$/)
    expect(parsed.to_agent).toMatch(/^topic-everyone-[0-9a-f]{8}$/)
    expect(parsed.body).toEqual({ message: { base64: Buffer.from('nul \0 byte').toString('base64') } })
    expect(parsed.metadata).toMatchObject({
      replayed_from: {
        from_agent: 'Agent «один»',
        to_agent: 'topic:everyone',
        message_type: 'two\nlines',
        thread: 't'.repeat(200),
        timestamp: 'last Tuesday',
      },
    })
  })

  it('gives different names that look alike different agents', () => {
    const names = ['a/b', 'a:b', 'a b ', 'A/B'].map(
      (from_agent) => envelope('agent_messages', { ...agentMessage, from_agent }).from_agent,
    )
    expect(new Set(names).size).toBe(4)
  })
})

describe('a row of session_logs', () => {
  it('becomes a message of its agent to its session', () => {
    expect(parse(envelope('session_logs', sessionLog))).toMatchObject({
      from_agent: 'worker-0',
      to_agent: 'session-1',
      message_type: 'session_log',
      priority: 2,
      timestamp: '2025-09-19T13:10:49Z',
      body: { message: 'Auto-save: agent_activity', log_level: 'info', data: { activity: 'spawned' } },
      correlation_id: 'session-1',
    })
  })

  it('comes from the hive mind itself when it names no agent', () => {
    expect(envelope('session_logs', { ...sessionLog, agent_id: null }).from_agent).toBe('hive-mind')
  })

  it.each(['{"big":9007199254740993}', '{"a":1,"a":2}', '{"nul":"\\u0000"}', 'no JSON', ''])(
    'keeps data as its text when reading it would change it: %s',
    (data) => {
      expect(envelope('session_logs', { ...sessionLog, data }).body.data).toBe(data)
    },
  )
})

describe('message ids', () => {
  const ids = (values: Record<string, SqlValue>, from?: { source?: string; rowid?: bigint }) =>
    envelope('agent_messages', values, from).message_id

  it('are the same for the same row, and the content is the same to the hive', () => {
    const [one, two] = [envelope('agent_messages', agentMessage), envelope('agent_messages', agentMessage)]
    expect(one.message_id).toBe(two.message_id)
    expect(contentDigest(parse(one))).toBe(contentDigest(parse(two)))
    expect(one.message_id).toMatch(/^replay-agent_messages-7-[0-9a-f]{32}$/)
  })

  it('differ by file, by row and by what the row says', () => {
    const different = [
      ids(agentMessage),
      ids(agentMessage, { source: 'other.db' }),
      ids(agentMessage, { rowid: 8n }),
      ids({ ...agentMessage, message: 'Are they?' }),
      ids({ ...agentMessage, thread_id: null }),
    ]
    expect(new Set(different).size).toBe(different.length)
  })
})
