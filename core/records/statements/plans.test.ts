import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { borrow } from '../../../test/borrow.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import { createAudit } from './audit.ts'
import { createCapabilities } from './capabilities.ts'
import { queryConversations } from './query-conversations.ts'
import { queryMetrics } from './query-metrics.ts'
import { readConversation, readMessage } from './read-conversations.ts'
import { createRetention } from './retention.ts'
import { createSecurityEvents } from './security-events.ts'

const at = `'2026-01-01T00:00:00Z'::timestamptz + make_interval(secs => n)`
const rows = 20_000
let client: pg.Client

beforeAll(async () => {
  client = new pg.Client({ connectionString: JSON.parse(await borrow('database')).databaseUrl })
  await client.connect()
  await client.query(`
    INSERT INTO agent_conversations (conversation_id, from_agent, to_agent, message_type, content, "timestamp",
      message_id, priority, status, status_at, attempts)
    SELECT gen_random_uuid(), 'agent-' || n % 200, 'agent-' || n % 197, 't', json_build_object('text', 'word' || n), ${at},
      'm' || n, 2, 'delivered', 1, 1 FROM generate_series(1, ${rows}) n;
    INSERT INTO agent_capabilities (agent_name, capability, proficiency_level)
    SELECT 'agent-' || n % 1000, 'capability-' || n / 1000, 1 + n % 10 FROM generate_series(1, ${rows}) n;
    INSERT INTO security_events (event_type, severity, description, "timestamp")
    SELECT 'type-' || n % 100, 'severity-' || n % 50, '', ${at} FROM generate_series(1, ${rows}) n;
    INSERT INTO audit_logs (action, actor, target, "timestamp")
    SELECT 'action-' || n % 50, 'actor-' || n % 100, 'target-' || n % 1000, ${at} FROM generate_series(1, ${rows}) n;
    INSERT INTO agent_metrics (agent_name, metric_type, value, "timestamp")
    SELECT 'agent-' || n % 100, 'type-' || n % 10, n, ${at} FROM generate_series(1, ${rows}) n;
    INSERT INTO metric_writes (key, points, written_at) SELECT 'key-' || n, 1, ${at} FROM generate_series(1, ${rows}) n`)
  await client.query('VACUUM ANALYZE')
})
afterAll(() => client.end())

const [from, to] = ['2026-01-01T03:00:00Z', '2026-01-01T03:10:00Z']
const [limit, agent_name] = [50, 'agent-7']
const before = '2026-01-01T00:10:00Z'
const position = (kind: string) =>
  Buffer.from(JSON.stringify([kind, '2026-01-01 03:00:00+00', '9000'])).toString('base64url')

const reads: Record<string, (run: RunStatement) => Promise<unknown>> = {
  'metrics of a series': (run) => queryMetrics(run, { agent_name, metric_type: 'type-7', limit }),
  'metrics of an agent': (run) => queryMetrics(run, { agent_name, limit }),
  'metrics of all': (run) => queryMetrics(run, { limit, cursor: position('metrics') }),
  'a conversation': (run) => readConversation(run, randomUUID(), { limit }),
  'a message': (run) => readMessage(run, agent_name, 'm7'),
  'messages of an agent': (run) => queryConversations(run, { agent: agent_name, limit }),
  'messages of an agent in a range': (run) => queryConversations(run, { agent: agent_name, from, to, limit }),
  'messages of an agent, deep': (run) =>
    queryConversations(run, { agent: agent_name, cursor: position('conversations'), limit }),
  'messages between two': (run) => queryConversations(run, { agent: agent_name, with: 'agent-9', limit }),
  'messages of all': (run) => queryConversations(run, { limit }),
  'messages in a range': (run) => queryConversations(run, { from, to, limit }),
  'messages with a word': (run) => queryConversations(run, { search: 'word77', limit }),
  'messages of an agent with a word': (run) => queryConversations(run, { agent: agent_name, search: 'word77', limit }),
  'capabilities of an agent': (run) => createCapabilities(run).byAgent(agent_name, { limit }),
  'who has a capability': (run) =>
    createCapabilities(run).query({ capability: 'capability-7', min_proficiency: 5, limit }),
  'all capabilities': (run) => createCapabilities(run).query({ limit }),
  'security events of a type': (run) => createSecurityEvents(run).query({ event_type: 'type-7', limit }),
  'security events of a severity': (run) => createSecurityEvents(run).query({ severity: 'severity-7', limit }),
  'all security events': (run) => createSecurityEvents(run).query({ cursor: position('security_events'), limit }),
  'audit of an actor': (run) => createAudit(run).query({ actor: 'actor-7', limit }),
  'audit of an action': (run) => createAudit(run).query({ action: 'action-7', limit }),
  'audit of a target': (run) => createAudit(run).query({ target: 'target-7', limit }),
  'all audit': (run) => createAudit(run).query({ limit }),
  'old metrics': (run) => createRetention(run).forget('agent_metrics', before, limit),
  'old conversations': (run) => createRetention(run).forget('agent_conversations', before, limit),
  'old security events': (run) => createRetention(run).forget('security_events', before, limit),
  'old audit': (run) => createRetention(run).forget('audit_logs', before, limit),
  'old keys of writes': (run) => createRetention(run).forget('metric_writes', before, limit),
}

describe('no table is read from end to end for', () => {
  it.each(Object.entries(reads))('%s', async (_name, read) => {
    const plans: string[] = []
    await read(async (text, values) => {
      const explained = await client.query(`EXPLAIN ${text}`, values)
      plans.push(explained.rows.map((row) => row['QUERY PLAN']).join('\n'))
      return []
    })
    expect(plans).toHaveLength(1)
    expect(plans[0]).not.toContain('Seq Scan')
    expect(plans[0]).toContain('Index')
  })
})
