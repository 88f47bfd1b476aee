import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { v5 } from 'uuid'
import { describe, expect, it } from 'vitest'
import { conversationNamespace } from '../../../protocol/conversation-id.ts'
import { compileTable } from '../../convert/compile-table.ts'
import type { SqliteValue } from '../../value.ts'
import { eventNamespace } from '../draft.ts'
import type { TablePlan } from '../plan.ts'
import { newFolder, planned } from '../suggest/planned-folder.ts'

const data = join(import.meta.dirname, '..', '..', '..', '..', 'test', 'data', 'sqlite', 'agent-hive')
/** Puts a row into a copy of one of the twelve databases, plans it, and gives the target rows by column. */
async function moved(file: string, table: string, row: Record<string, SqliteValue>) {
  const folder = newFolder()
  const path = join(folder, file)
  copyFileSync(join(data, file), path)
  const database = new DatabaseSync(path)
  const names = Object.keys(row)
  database.exec(`DELETE FROM ${table}`)
  const values = Object.values(row) as (string | number | bigint | null)[]
  database.prepare(`INSERT INTO ${table} (${names}) VALUES (${names.map(() => '?')})`).run(...values)
  const read = database.prepare(`SELECT * FROM ${table}`)
  read.setReadBigInts(true)
  read.setReturnArrays(true)
  const source = read.get() as unknown as SqliteValue[]
  database.close()

  const { tables, columns } = await planned(folder)
  const compiled = compileTable(tables.get(table) as TablePlan, columns(table), 'UTC')
  const conversion = compiled.convert(source)
  if (conversion.outcome !== 'migrated') return conversion
  expect(compiled.invert(conversion.rows, conversion.kept)).toEqual(source)
  const rows = conversion.rows.map((target) =>
    Object.fromEntries(
      compiled.columns.map((name, at) => {
        const isJson = name === 'metadata' || name === 'details' || name === 'content'
        return [name, isJson ? JSON.parse(target[at] ?? '') : target[at]]
      }),
    ),
  )
  return { target: compiled.target, rows, kept: conversion.kept }
}

const at = '2025-07-16T01:09:24.577705'
const written = '2025-07-16 01:09:24.577705+00'

describe('a row of the Python agent hive', () => {
  it('that is a metric goes to its agent, or to the plan’s', async () => {
    const row = {
      metric_name: 'cpu',
      value: 6.3,
      unit: '%',
      timestamp: at,
      agent_id: 'planner',
      metadata: '{"core": 1}',
    }
    const columns = { metric_type: 'cpu', value: '6.3', timestamp: written, source_database: 'baseline_metrics.db' }
    expect(await moved('baseline_metrics.db', 'baseline_metrics', { id: 9n, ...row })).toEqual({
      target: 'agent_metrics',
      rows: [{ agent_name: 'planner', ...columns, metadata: { id: 9, unit: '%', metadata: { core: 1 } } }],
      kept: null,
    })
    const nobody = { id: 9n, ...row, agent_id: null, metadata: null }
    expect(await moved('baseline_metrics.db', 'baseline_metrics', nobody)).toEqual({
      target: 'agent_metrics',
      rows: [{ agent_name: 'fleet', ...columns, metadata: { id: 9, unit: '%' } }],
      kept: { agent_id: null },
    })
    expect(
      await moved('monitoring.db', 'metrics', { id: 1n, metric_name: 'rss', value: 0.1, timestamp: at }),
    ).toMatchObject({
      rows: [{ agent_name: 'fleet', metric_type: 'rss', value: '0.1', metadata: { id: 1 } }],
    })
  })

  it('that is a capability keeps its level', async () => {
    const row = {
      id: 3n,
      agent_name: 'pm-agent',
      capability: 'planning',
      proficiency_level: 9n,
      description: null,
      last_updated: at,
    }
    expect(await moved('agent_capabilities.db', 'agent_capabilities', row)).toEqual({
      target: 'agent_capabilities',
      rows: [
        {
          agent_name: 'pm-agent',
          capability: 'planning',
          proficiency_level: '9',
          description: null,
          last_updated: written,
        },
      ],
      kept: { id: { $integer: '3' } },
    })
    const unknown = { ...row, proficiency_level: null, last_updated: null }
    expect(await moved('agent_capabilities.db', 'agent_capabilities', unknown)).toMatchObject({
      rows: [{ proficiency_level: '5', last_updated: '1970-01-01 00:00:00+00' }],
      kept: { proficiency_level: null, last_updated: null },
    })
    expect(await moved('agent_capabilities.db', 'agent_capabilities', { ...row, proficiency_level: 11n })).toEqual({
      outcome: 'rejected',
      column: 'proficiency_level',
      value: 11n,
      reason: 'is not from 1 to 10',
    })
  })

  it('that is a message is in the conversation of its thread, and its thread stays', async () => {
    const row = {
      id: 7n,
      timestamp: at,
      from_agent: 'a',
      to_agent: 'b',
      message: 'hi\0',
      message_type: 'urgent',
      thread_id: 'build',
      read_status: 1n,
    }
    expect(await moved('agent_conversations.db', 'agent_messages', row)).toEqual({
      target: 'agent_conversations',
      rows: [
        {
          conversation_id: v5('build', conversationNamespace),
          from_agent: 'a',
          to_agent: 'b',
          message_type: 'urgent',
          content: { message: 'hi\0' },
          timestamp: written,
          message_id: 'agent_conversations.db:agent_messages:7',
          priority: '4',
          status: 'delivered',
          status_at: '1752628164577705',
          attempts: '1',
          metadata: { thread_id: 'build', read_status: 1 },
        },
      ],
      kept: null,
    })
    expect(
      await moved('agent_conversations.db', 'agent_messages', { ...row, thread_id: null, message_type: 'normal' }),
    ).toMatchObject({
      rows: [
        {
          conversation_id: v5('agent_conversations.db:agent_messages:7', conversationNamespace),
          priority: '2',
          metadata: { read_status: 1 },
        },
      ],
    })
  })

  it('that is a security event or an alert has a severity', async () => {
    const event = {
      event_id: 'e1',
      timestamp: at,
      agent_id: 'a',
      session_id: 's',
      event_type: 'login',
      action: 'denied',
      result: 'blocked',
      risk_level: 'HIGH',
      details: '{"tries": 3}',
    }
    expect(await moved('security_audit.db', 'security_events', { id: 1n, ...event })).toEqual({
      target: 'security_events',
      rows: [
        {
          event_type: 'login',
          severity: 'high',
          description: 'denied',
          timestamp: written,
          event_id: v5('e1', eventNamespace),
          metadata: { id: 1, event_id: 'e1', agent_id: 'a', session_id: 's', result: 'blocked', details: { tries: 3 } },
        },
      ],
      kept: { risk_level: 'HIGH' },
    })
    const alert = {
      id: 1n,
      alert_id: 'a1',
      severity: 'warning',
      title: 't',
      description: 'd',
      source: 's',
      timestamp: at,
      acknowledged: 1n,
      resolved: 0n,
    }
    expect(await moved('security_metrics.db', 'security_alerts', alert)).toMatchObject({
      rows: [{ event_type: 'security.alert', severity: 'medium', metadata: { acknowledged: true, resolved: false } }],
    })
    expect(await moved('security_audit.db', 'security_events', { id: 1n, ...event, risk_level: 'odd' })).toMatchObject({
      outcome: 'rejected',
      column: 'risk_level',
    })
  })

  it('of the audit chain keeps its hashes and the text that they were made of', async () => {
    const row = {
      sequence_number: 1n,
      event_id: 'e',
      timestamp: at,
      event_type: 'auth',
      severity: 'info',
      actor_id: 'root',
      actor_type: 'user',
      target_resource: 'vault',
      action: 'read',
      outcome: 'ok',
      details: '{"b":1,"a":2}',
      event_hash: 'ab12',
      integrity_hash: 'cd34',
      created_at: '2025-07-16 01:09:24',
    }
    expect(await moved('audit_log.db', 'audit_events', { id: 1n, ...row })).toMatchObject({
      target: 'audit_logs',
      rows: [
        {
          action: 'read',
          actor: 'root',
          target: 'vault',
          details: { sequence_number: 1, event_hash: 'ab12', integrity_hash: 'cd34', details: { a: 2, b: 1 } },
        },
      ],
      kept: { details: '{"b":1,"a":2}' },
    })
  })

  it('with several figures is as many metrics', async () => {
    const request = {
      request_id: 'r',
      timestamp: at,
      user_id: 'u',
      resource: 'x',
      action: 'get',
      total_time: 12.5,
      jwt_time: 1,
      postgresql_time: 2,
      rbac_time: 3,
      permission_time: 4,
      jwt_result: 'ok',
      postgresql_result: 'ok',
      rbac_result: 'ok',
      permission_result: 'ok',
      final_result: 'ok',
      exceeded_sla: 1n,
      critical_path: 'jwt',
      risk_score: 0.25,
    }
    const answer = await moved('auth_pipeline_metrics.db', 'auth_pipeline_metrics', { id: 1n, ...request })
    expect(answer).toMatchObject({ target: 'agent_metrics', kept: null })
    const rows = 'rows' in answer ? answer.rows : []
    expect(rows.map(({ metric_type, value }) => [metric_type, value])).toEqual([
      ['auth_pipeline.total_time', '12.5'],
      ['auth_pipeline.jwt_time', '1'],
      ['auth_pipeline.postgresql_time', '2'],
      ['auth_pipeline.rbac_time', '3'],
      ['auth_pipeline.permission_time', '4'],
      ['auth_pipeline.risk_score', '0.25'],
    ])
    for (const { metadata, timestamp } of rows) {
      expect(timestamp).toBe(written)
      expect(metadata).toMatchObject({ request_id: 'r', user_id: 'u', exceeded_sla: true })
    }
  })
})
