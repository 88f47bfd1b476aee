import type { TablePlan } from '../plan/plan.ts'

const namespace = '6f1f1c3e-0f52-5b0a-9c56-2f7c5f0f3a11'
const iso = { rule: 'timestamp', from: 'at', unit: 'iso' } as const

/** One table for each target and each kind of rule. */
export const tables: Record<
  string,
  { plan: TablePlan; zone: string; columns: { name: string; declaredType: string }[] }
> = {
  metrics: {
    zone: 'UTC',
    columns: columns({
      id: 'INTEGER',
      agent: 'TEXT',
      name: 'TEXT',
      value: 'REAL',
      at: 'TEXT',
      more: 'TEXT',
      any: '',
      __proto__x: 'NUMERIC',
    }),
    plan: {
      name: 'metrics',
      target: 'agent_metrics',
      columns: {
        agent_name: { rule: 'copy', from: 'agent', otherwise: 'unknown' },
        metric_type: { rule: 'copy', from: 'name' },
        value: { rule: 'copy', from: 'value' },
        timestamp: iso,
        metadata: { rule: 'rest', json: ['more'] },
      },
    },
  },
  wide: {
    zone: 'Europe/Berlin',
    columns: columns({
      id: 'TEXT',
      at: 'TIMESTAMP',
      cpu: 'REAL',
      agents: 'INTEGER',
      rate: 'DECIMAL(10,5)',
      ok: 'BOOLEAN',
      __proto__: 'TEXT',
    }),
    plan: {
      name: 'wide',
      target: 'agent_metrics',
      columns: {
        agent_name: { rule: 'constant', value: 'a' },
        timestamp: { ...iso, unit: 'mixed', layout: 'sqlite' },
        metadata: { rule: 'rest', boolean: ['ok'] },
      },
      pivot: { cpu: 'cpu', agents: 'agents', rate: 'rate' },
    },
  },
  capabilities: {
    zone: '-03:30',
    columns: columns({
      id: 'INTEGER',
      agent: 'TEXT',
      capability: 'TEXT',
      level: 'INTEGER',
      text: 'TEXT',
      at: 'INTEGER',
    }),
    plan: {
      name: 'capabilities',
      target: 'agent_capabilities',
      keep: ['id'],
      columns: {
        agent_name: { rule: 'copy', from: 'agent' },
        capability: { rule: 'copy', from: 'capability' },
        proficiency_level: { rule: 'copy', from: 'level', otherwise: 5 },
        description: { rule: 'copy', from: 'text' },
        last_updated: { ...iso, unit: 'ms', otherwise: '1970-01-01T00:00:00Z' },
      },
    },
  },
  events: {
    zone: 'UTC',
    columns: columns({ id: 'TEXT', kind: 'TEXT', risk: 'TEXT', text: 'TEXT', at: 'REAL', details: 'JSON' }),
    plan: {
      name: 'events',
      target: 'security_events',
      columns: {
        event_type: { rule: 'copy', from: 'kind' },
        severity: { rule: 'severity', from: 'risk', map: { 5: 'critical' }, otherwise: 'low' },
        description: { rule: 'copy', from: 'text', otherwise: '' },
        metadata: { rule: 'rest', json: ['details'] },
        timestamp: { ...iso, unit: 's' },
        event_id: { rule: 'uuid5', from: 'id', namespace, otherwise: { prefix: 'events:', from: 'at' } },
      },
    },
  },
  messages: {
    zone: 'UTC',
    columns: columns({
      id: 'INTEGER',
      at: 'DATETIME',
      sender: 'TEXT',
      recipient: 'TEXT',
      text: 'TEXT',
      kind: 'TEXT',
      thread: 'TEXT',
      extra: 'BLOB',
    }),
    plan: {
      name: 'messages',
      target: 'agent_conversations',
      columns: {
        conversation_id: { rule: 'uuid5', from: 'thread', namespace, otherwise: { prefix: 'm:', from: 'id' } },
        from_agent: { rule: 'copy', from: 'sender' },
        to_agent: { rule: 'copy', from: 'recipient' },
        message_type: { rule: 'copy', from: 'kind', otherwise: 'normal' },
        content: { rule: 'body', members: { message: 'text', extra: 'extra' } },
        timestamp: { ...iso, unit: 'us' },
        message_id: { rule: 'copy', from: 'id', prefix: 'old:' },
        priority: { rule: 'priority', from: 'kind', map: { urgent: 4 }, otherwise: 2 },
        status: { rule: 'constant', value: 'delivered' },
        status_at: { ...iso, unit: 'us' },
        attempts: { rule: 'constant', value: 1 },
        metadata: { rule: 'rest' },
      },
    },
  },
  audit: {
    zone: 'Asia/Kathmandu',
    columns: columns({
      id: 'INTEGER',
      at: 'TEXT',
      action: 'TEXT',
      actor: 'TEXT',
      target: 'TEXT',
      success: 'BOOLEAN',
      details: 'TEXT',
      big: 'BIGINT',
    }),
    plan: {
      name: 'audit',
      target: 'audit_logs',
      columns: {
        action: { rule: 'copy', from: 'action' },
        actor: { rule: 'copy', from: 'actor' },
        target: { rule: 'copy', from: 'target' },
        details: { rule: 'rest', json: ['details'], boolean: ['success'] },
        timestamp: { ...iso, layout: 'str' },
      },
    },
  },
}

function columns(types: Record<string, string>): { name: string; declaredType: string }[] {
  return Object.entries(types).map(([name, declaredType]) => ({ name, declaredType }))
}
