import { describe, expect, it } from 'vitest'
import { suggested, suggestedFor } from './planned-folder.ts'

const when = "'2025-06-01T10:00:00'"

describe('a table that looks like one of the hive’s and is none', () => {
  it.each([
    // rules and definitions
    [
      'security_rules',
      'type TEXT, severity TEXT, description TEXT, created_at TEXT',
      `'a', 'high', 'd', ${when}`,
      'a table of definitions',
    ],
    [
      'alert_rules_v2',
      'type TEXT, level TEXT, title TEXT, created TEXT',
      `'a', 'high', 'd', ${when}`,
      'a table of definitions',
    ],
    [
      'security_policies',
      'category TEXT, severity TEXT, description TEXT, created_at TEXT',
      `'a', 'high', 'd', ${when}`,
      'definitions',
    ],
    [
      'threat_indicators',
      'type TEXT, severity TEXT, description TEXT, created_at TEXT',
      `'a', 'high', 'd', ${when}`,
      'definitions',
    ],
    [
      'alerting',
      'type TEXT, severity TEXT, message TEXT, enabled INT, created_at TEXT',
      `'a', 'high', 'd', 1, ${when}`,
      'enabled is of rules',
    ],
    ['metric_thresholds', 'metric_name TEXT, value REAL, created_at TEXT', `'a', 0.5, ${when}`, 'definitions'],
    ['metric_definitions', 'name TEXT, value REAL, created_at TEXT', `'a', 0.5, ${when}`, 'definitions'],
    ['MetricTargets', 'metric_name TEXT, value REAL, created_at TEXT', `'a', 0.5, ${when}`, 'definitions'],
    [
      'message_templates',
      'id INTEGER PRIMARY KEY, sender TEXT, recipient TEXT, body TEXT, created_at TEXT',
      `1, 'a', 'b', 'c', ${when}`,
      'definitions',
    ],
    // forecasts
    ['predictions2', 'metric_name TEXT, value REAL, timestamp TEXT', `'a', 0.5, ${when}`, 'forecasts'],
    [
      'load',
      'metric_name TEXT, value REAL, timestamp TEXT, is_forecast INT',
      `'a', 0.5, ${when}, 1`,
      'is_forecast is of forecasts',
    ],
    [
      'cpu_usage',
      'ts TEXT, predicted_value REAL, actual_value REAL',
      `${when}, 0.5, 0.6`,
      'predicted_value is of forecasts',
    ],
    ['usage_forecast', 'ts TEXT, cpu REAL, memory REAL', `${when}, 0.5, 0.6`, 'forecasts'],
    // money and things
    [
      'orders',
      'created_at TEXT, total REAL, discount REAL, shipping_cost REAL',
      `${when}, 1.5, 0.5, 0.9`,
      'discount is a place or money',
    ],
    [
      'history',
      'ts TEXT, open REAL, high REAL, low REAL, close REAL, volume REAL',
      `${when}, 1.5, 1.5, 1.5, 1.5, 1.5`,
      'are prices',
    ],
    ['daily', 'date TEXT, usd REAL, eur REAL', `'2025-01-01', 1.5, 0.9`, 'usd is a place or money'],
    ['exchange_rates', 'date TEXT, rate REAL, inverse_rate REAL', `'2025-01-01', 1.5, 0.9`, 'a table of money'],
    ['ticks', 'ts TEXT, bid REAL, ask REAL', `${when}, 1.5, 0.9`, 'bid is a place or money'],
    ['monthly', 'created_at TEXT, wages REAL, bonus REAL', `${when}, 1.5, 0.9`, 'wages is a place or money'],
    [
      'products',
      'name TEXT, value REAL, metric TEXT, created_at TEXT',
      `'chair', 9.5, 'cm', ${when}`,
      'a table of things',
    ],
    [
      'parts',
      'name TEXT, value REAL, metric TEXT, created_at TEXT',
      `'chair', 9.5, 'cm', ${when}`,
      'name may be what each row is of',
    ],
    [
      'lent',
      'created_at TEXT, principal REAL, interest_rate REAL',
      `${when}, 100.5, 0.5`,
      'principal is a place or money',
    ],
    // figures that nobody measured of a machine
    [
      'births',
      'recorded_at TEXT, height REAL, weight REAL',
      `${when}, 1.5, 80.5`,
      'neither births nor height, weight are called like',
    ],
    [
      'vectors',
      'created_at TEXT, e0 REAL, e1 REAL, e2 REAL',
      `${when}, 0.1, 0.2, 0.3`,
      'e0, e1, e2 are parts of a vector',
    ],
    ['embeddings', 'created_at TEXT, dim_0 REAL, dim_1 REAL', `${when}, 0.1, 0.2`, 'parts of a vector'],
    ['positions', 'ts TEXT, x REAL, y REAL, z REAL', `${when}, 0.1, 0.2, 0.3`, 'x and y are a place'],
    ['track', 'ts TEXT, lat REAL, lon REAL, alt REAL', `${when}, 0.1, 0.2, 0.3`, 'lat is a place or money'],
    // what is no action of anybody
    ['permissions', 'action TEXT, user TEXT, created_at TEXT', `'read', 'bob', ${when}`, 'a table of rights'],
    ['role_grants', 'action TEXT, user TEXT, created_at TEXT', `'read', 'bob', ${when}`, 'a table of rights'],
    ['jobs', 'action TEXT, user TEXT, created_at TEXT', `'email', 'bob', ${when}`, 'a table of work'],
    ['task_queue', 'action TEXT, agent_id TEXT, created_at TEXT', `'email', 'bob', ${when}`, 'a table of work'],
    [
      'scheduled_actions',
      'action TEXT, agent_id TEXT, created_at TEXT',
      `'email', 'bob', ${when}`,
      'has not happened yet',
    ],
    [
      'doing',
      'action TEXT, user TEXT, created_at TEXT, due_date TEXT',
      `'email', 'bob', ${when}, ${when}`,
      'due_date is of what is to be done',
    ],
    [
      'steps',
      'agent_id TEXT, action TEXT, reward REAL, timestamp TEXT',
      `'a', 'left', 0.5, ${when}`,
      'reward is of something that learns',
    ],
    [
      'values_of',
      'agent_id TEXT, action TEXT, q_value REAL, timestamp TEXT',
      `'a', 'left', 0.5, ${when}`,
      'q_value is of something that learns',
    ],
    ['todo_items', 'user TEXT, action TEXT, created_at TEXT', `'bob', 'email', ${when}`, 'a table of work'],
    [
      'bandit',
      'agent_id TEXT, action TEXT, probability REAL, created_at TEXT',
      `'a', 'x', 0.5, ${when}`,
      'probability is of something that learns',
    ],
    // what nobody said to anybody
    [
      'edges',
      'id TEXT PRIMARY KEY, src TEXT, dst TEXT, text TEXT, created_at TEXT',
      `'1', 'a', 'b', 'likes', ${when}`,
      'a table of links',
    ],
    [
      'knowledge',
      'id TEXT PRIMARY KEY, src TEXT, dst TEXT, text TEXT, created_at TEXT',
      `'1', 'a', 'b', 'likes', ${when}`,
      'src is an end of anything',
    ],
    [
      'packets',
      'id INTEGER PRIMARY KEY, src TEXT, dst TEXT, payload TEXT, ts TEXT',
      `1, 'a', 'b', 'x', ${when}`,
      'src is an end of anything',
    ],
    [
      'transfers',
      'id INTEGER PRIMARY KEY, sender TEXT, recipient TEXT, message TEXT, amount REAL, created_at TEXT',
      `1, 'a', 'b', 'rent', 10.5, ${when}`,
      'amount is money',
    ],
    [
      'payments',
      'id INTEGER PRIMARY KEY, sender TEXT, receiver TEXT, message TEXT, usd INTEGER, created_at TEXT',
      `1, 'a', 'b', 'rent', 10, ${when}`,
      'a table of payments',
    ],
    // what nobody can do yet
    [
      'skills_wanted',
      'agent TEXT, skill TEXT, score INTEGER, created_at TEXT',
      `'a', 'py', 5, ${when}`,
      'what is wanted',
    ],
    // what lacks a type
    [
      'threats',
      'severity TEXT, description TEXT, detected_at TEXT',
      `'high', 'd', ${when}`,
      'no column names their type (event_type, incident_type,',
    ],
  ])('such as %s (%s) of %s is kept as it is: %s', async (name, columns, row, why) => {
    const plan = await suggestedFor(name, columns, row)
    expect(plan).toMatchObject({ target: 'legacy', because: expect.stringContaining(why) })
  })
})

describe('a table of a fleet of agents', () => {
  it.each([
    // metrics
    [
      'agent_performance_metrics',
      'agent_id TEXT, metric_name TEXT, metric_value REAL, recorded_at TEXT',
      `'a', 'b', 0.5, ${when}`,
      'agent_metrics',
    ],
    ['perf', 'metric TEXT, val NUMERIC, ts INTEGER', `'a', 5, 1760000000`, 'agent_metrics'],
    ['samples', 'metric TEXT, value REAL, ts INTEGER', `'a', 5, 1760000000`, 'agent_metrics'],
    [
      'host_metrics',
      'name TEXT, metric TEXT, value REAL, sampled_at TEXT',
      `'h1', 'cpu', 0.5, ${when}`,
      'agent_metrics',
    ],
    ['task_metrics', 'metric_type TEXT, value REAL, created_at TEXT', `'a', 0.5, ${when}`, 'agent_metrics'],
    ['load', 'metric_name TEXT, value REAL, timestamp TEXT, is_forecast INT', `'a', 0.5, ${when}, 0`, 'agent_metrics'],
    ['agent_stats', 'agent_name TEXT, timestamp TEXT, x1 REAL, other REAL', `'a', ${when}, 0.5, 1.5`, 'agent_metrics'],
    ['llm_calls', 'agent_id TEXT, at TEXT, latency_ms REAL, cost_usd REAL', `'a', ${when}, 0.5, 1.5`, 'agent_metrics'],
    ['hourly', 'ts TEXT, cpu0 REAL, cpu1 REAL, cpu2 REAL', `${when}, 0.5, 1.5, 2.5`, 'agent_metrics'],
    ['climate', 'sensor TEXT, temperature REAL, humidity REAL, at TEXT', `'s', 0.5, 1.5, ${when}`, 'agent_metrics'],
    ['inbox_metrics', 'metric_name TEXT, value REAL, snapshot_time TEXT', `'a', 0.5, ${when}`, 'agent_metrics'],
    // capabilities
    [
      'agent_skills',
      'agent_id TEXT, skill TEXT, level INTEGER, updated_at TEXT',
      `'a', 'py', 5, ${when}`,
      'agent_capabilities',
    ],
    [
      'agent_skill_levels',
      'agent TEXT, skill_name TEXT, proficiency INT, enabled INT, created_at TEXT',
      `'a', 'py', 5, 1, ${when}`,
      'agent_capabilities',
    ],
    // security events
    [
      'security_incidents',
      'detected_at TEXT, incident_type TEXT, severity TEXT, description TEXT',
      `${when}, 'brute', 'HIGH', 'd'`,
      'security_events',
    ],
    [
      'threats',
      'threat_type TEXT, severity TEXT, description TEXT, detected_at TEXT',
      `'x', 'high', 'd', ${when}`,
      'security_events',
    ],
    [
      'attacks',
      'attack_type TEXT, severity TEXT, summary TEXT, observed_at TEXT',
      `'x', 'low', 'd', ${when}`,
      'security_events',
    ],
    [
      'policy_violations',
      'violation_type TEXT, severity TEXT, description TEXT, timestamp TEXT',
      `'x', 'low', 'd', ${when}`,
      'security_events',
    ],
    [
      'alerts',
      'alert_type TEXT, severity TEXT, message TEXT, threshold REAL, created_at TEXT',
      `'x', 'low', 'd', 0.5, ${when}`,
      'security_events',
    ],
    [
      'security_log',
      'type TEXT, level TEXT, message TEXT, ts REAL',
      `'x', 'WARN', 'd', 1760000000.5`,
      'security_events',
    ],
    // messages
    [
      'messages',
      'id TEXT PRIMARY KEY, sender_id TEXT, recipient_id TEXT, body TEXT, created_at INTEGER',
      `'m', 'a', 'b', 'hi', 1760000000`,
      'agent_conversations',
    ],
    [
      'message_queue',
      'id TEXT PRIMARY KEY, from_agent TEXT, to_agent TEXT, payload TEXT, sent_at TEXT',
      `'m', 'a', 'b', 'hi', ${when}`,
      'agent_conversations',
    ],
    [
      'chat',
      'id INTEGER PRIMARY KEY, "from" TEXT, "to" TEXT, text TEXT, ts TEXT',
      `1, 'a', 'b', 'hi', ${when}`,
      'agent_conversations',
    ],
    [
      'comms',
      'id INTEGER PRIMARY KEY, sender_agent TEXT, receiver_agent TEXT, content TEXT, cost REAL, ts TEXT',
      `1, 'a', 'b', 'hi', 0.1, ${when}`,
      'agent_conversations',
    ],
    [
      'bus',
      'id INTEGER PRIMARY KEY, src TEXT, dst TEXT, message TEXT, ts TEXT',
      `1, 'a', 'b', 'hi', ${when}`,
      'agent_conversations',
    ],
    [
      'inbox_items',
      'id INTEGER PRIMARY KEY, from_agent TEXT, to_agent TEXT, content TEXT, ts TEXT',
      `1, 'a', 'b', 'hi', ${when}`,
      'agent_conversations',
    ],
    // audit logs
    ['audit_trail', 'timestamp TEXT, user_id TEXT, action TEXT, success BOOLEAN', `${when}, 'u', 'x', 1`, 'audit_logs'],
    ['AuditLogs', 'EventTime TEXT, UserName TEXT, EventType TEXT', `${when}, 'u', 'x'`, 'audit_logs'],
    ['rule_changes_audit', 'actor TEXT, operation TEXT, occurred_at TEXT', `'u', 'x', ${when}`, 'audit_logs'],
    ['permission_audit_log', 'actor_name TEXT, action_type TEXT, logged_at TEXT', `'u', 'x', ${when}`, 'audit_logs'],
    [
      'agent_actions',
      'agent_id TEXT, action TEXT, resource TEXT, performed_at TEXT',
      `'u', 'x', 'r', ${when}`,
      'audit_logs',
    ],
    ['task_log', 'agent TEXT, action TEXT, executed_at TEXT', `'u', 'x', ${when}`, 'audit_logs'],
  ])('such as %s (%s) of %s is moved to %s', async (name, columns, row, target) => {
    const plan = await suggestedFor(name, columns, row)
    expect([plan?.target, plan?.because]).toEqual([target, expect.stringMatching(/^suggested: /)])
  })
})

it('that is empty is told by its columns too', async () => {
  expect(await suggested('jobs', 'CREATE TABLE jobs (action TEXT, user TEXT, created_at TEXT)')).toMatchObject({
    target: 'legacy',
  })
  expect(await suggested('log', 'CREATE TABLE log (action TEXT, user TEXT, created_at TEXT)')).toMatchObject({
    target: 'audit_logs',
  })
})
