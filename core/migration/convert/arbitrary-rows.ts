import * as fc from 'fast-check'
import type { TablePlan } from '../plan/plan.ts'
import { InvalidText, type SqliteValue } from '../value.ts'

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

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const awkward = fc.string({
  unit: fc.constantFrom('a', 'é', '😀', '\0', '\ud83d', '\uFDD0', '0000', '"', '\\', '\n', '\t', '{', '$', '\u001e'),
  maxLength: 12,
})
const jsonText = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.constantFrom(
    '{}',
    '[]',
    '{"a": 1, "b": [1, 2]}',
    '{"b":1,"a":2}',
    "{'a':1}",
    'NaN',
    '{a:1}',
    '{"a":1,}',
    '',
    'null',
    '"x"',
    '12',
  ),
  fc.constantFrom(
    '{"a":"\\u0000"}',
    '{"a":"\\\\u0000"}',
    '{"a":"\\ufdd00041"}',
    '{"a":"\ufdd00041"}',
    '{"a":1,"a":2}',
    '[1e999]',
  ),
  fc.constantFrom(
    '{"a":9007199254740993}',
    '{"a":1.0}',
    '{"a":1E2}',
    '[1e-400000]',
    '{"$blob":"YQ=="}',
    '{"__proto__":1}',
  ),
)
const moments = fc.oneof(
  fc
    .date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })
    .chain((date) => {
      const text = date.toISOString()
      const plain = text.slice(0, 19)
      return fc.constantFrom(
        text,
        plain,
        plain.replace('T', ' '),
        `${plain}.123456`,
        `${plain}.5`,
        `${plain}.1234567+05:30`,
        text.slice(0, 10),
        `${plain}.`,
      )
    }),
  fc.constantFrom(
    '2025-03-30T02:30:00',
    '2025-10-26T02:30:00',
    '2024-02-29 00:00:00',
    '2023-02-29 00:00:00',
    '2025-01-01T24:00:00',
    'now',
  ),
)
const numberText = fc.constantFrom(
  '12.50',
  '1e3',
  'NaN',
  'Infinity',
  '-0',
  '007',
  '1627303906122',
  '0.1',
  '12,5',
  '0x10',
)
const words = fc.constantFrom('true', 'F', 'YES', '0', '2', 'maybe', 'low', 'HIGH', 'critical', 'urgent', 'x')

const real = fc.double({ noNaN: true })
/** Any value, and often one that is nearly right. */
export const anyValue: fc.Arbitrary<SqliteValue> = fc.oneof(
  fc.constant(null),
  fc.oneof(int64, fc.bigInt({ min: -10n, max: 10n }), fc.bigInt({ min: 10n ** 8n, max: 2n * 10n ** 15n })),
  fc.oneof(real, fc.constantFrom(0, -0, 1e100, 1727078782.123456, 2459000.5, Infinity, -Infinity, 5e-324)),
  fc.oneof(fc.string(), awkward, jsonText, moments, numberText, words),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => new InvalidText(bytes)),
  fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.string().map((text) => new Uint8Array(Buffer.from(text))),
  ),
)

/** A value as its column should hold it, so that a fair part of the rows is migrated. */
const goodValue = (name: string, declaredType: string): fc.Arbitrary<SqliteValue> => {
  if (name === 'at')
    return declaredType === 'TEXT' || declaredType === 'TIMESTAMP'
      ? moments
      : fc.integer({ min: 0, max: 2 ** 31 }).map(BigInt)
  if (name === 'risk') return fc.constantFrom('low', 'HIGH', 'warning')
  if (name === 'level') return fc.bigInt({ min: 1n, max: 10n })
  if (name === 'ok' || name === 'success') return fc.constantFrom<SqliteValue>(0n, 1n, 'true', null)
  if (name === 'id' && declaredType === 'INTEGER') return fc.bigInt({ min: 1n, max: 10n ** 12n })
  if (declaredType === 'REAL') return real
  if (declaredType === 'INTEGER' || declaredType === 'BIGINT') return int64
  return declaredType === 'TEXT' ? fc.oneof(fc.string({ minLength: 1 }), awkward) : anyValue
}

/** A row of a table, most values of which are good ones. */
export const anyRow = (columns: { name: string; declaredType: string }[]): fc.Arbitrary<SqliteValue[]> =>
  fc.tuple(
    ...columns.map(({ name, declaredType }) =>
      fc.oneof({ weight: 7, arbitrary: goodValue(name, declaredType) }, { weight: 1, arbitrary: anyValue }),
    ),
  )
