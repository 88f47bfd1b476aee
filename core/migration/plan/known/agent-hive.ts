import { conversationNamespace } from '../../../protocol/conversation-id.ts'
import { eventNamespace, moment, rest, rowPrefix } from '../draft.ts'
import type { KnownTable } from './known-table.ts'

/** The other tables of the Python agent hive that become rows of the hive's own. */
export const agentHiveTables: KnownTable[] = [
  {
    name: 'agent_capabilities',
    columns: ['id', 'agent_name', 'capability', 'proficiency_level', 'description', 'last_updated'],
    because: 'what agents say they can do, column by column',
    draft: ({ table }) => ({
      target: 'agent_capabilities',
      keep: ['id'],
      columns: {
        agent_name: { rule: 'copy', from: 'agent_name' },
        capability: { rule: 'copy', from: 'capability' },
        proficiency_level: { rule: 'copy', from: 'proficiency_level', otherwise: 5 },
        description: { rule: 'copy', from: 'description' },
        last_updated: moment(table, 'last_updated', '1970-01-01T00:00:00Z'),
      },
    }),
  },
  {
    name: 'security_events',
    columns: [
      'event_id',
      'timestamp',
      'agent_id',
      'session_id',
      'event_type',
      'action',
      'result',
      'risk_level',
      'details',
    ],
    because: 'security events; risk_level is their severity, action what happened',
    draft: ({ table }) => ({
      target: 'security_events',
      columns: {
        event_type: { rule: 'copy', from: 'event_type' },
        severity: { rule: 'severity', from: 'risk_level' },
        description: { rule: 'copy', from: 'action' },
        metadata: rest(table, ['event_type', 'risk_level', 'action', 'timestamp'], ['details']),
        timestamp: moment(table, 'timestamp'),
        event_id: { rule: 'uuid5', from: 'event_id', namespace: eventNamespace },
      },
    }),
  },
  {
    name: 'security_alerts',
    columns: ['alert_id', 'severity', 'title', 'description', 'source', 'timestamp', 'acknowledged', 'resolved'],
    because: 'alerts are security events of the type security.alert',
    draft: ({ table }) => ({
      target: 'security_events',
      columns: {
        event_type: { rule: 'constant', value: 'security.alert' },
        severity: { rule: 'severity', from: 'severity' },
        description: { rule: 'copy', from: 'description' },
        metadata: rest(table, ['severity', 'description', 'timestamp']),
        timestamp: moment(table, 'timestamp'),
        event_id: { rule: 'uuid5', from: 'alert_id', namespace: eventNamespace },
      },
    }),
  },
  {
    name: 'agent_messages',
    columns: ['id', 'timestamp', 'from_agent', 'to_agent', 'message', 'message_type', 'thread_id', 'read_status'],
    because:
      'messages; the conversation is the UUIDv5 of thread_id, or of the row where it has none, and thread_id stays in metadata',
    draft: (draft) => {
      const prefix = rowPrefix(draft)
      const { table } = draft
      return {
        target: 'agent_conversations',
        columns: {
          conversation_id: {
            rule: 'uuid5',
            from: 'thread_id',
            namespace: conversationNamespace,
            otherwise: { prefix, from: 'id' },
          },
          from_agent: { rule: 'copy', from: 'from_agent' },
          to_agent: { rule: 'copy', from: 'to_agent' },
          message_type: { rule: 'copy', from: 'message_type', otherwise: 'normal' },
          content: { rule: 'body', members: { message: 'message' } },
          timestamp: moment(table, 'timestamp'),
          message_id: { rule: 'copy', from: 'id', prefix },
          priority: { rule: 'priority', from: 'message_type', map: { urgent: 4, emergency: 4 }, otherwise: 2 },
          status: { rule: 'constant', value: 'delivered' },
          status_at: moment(table, 'timestamp'),
          attempts: { rule: 'constant', value: 1 },
          metadata: rest(table, ['from_agent', 'to_agent', 'message_type', 'message', 'timestamp', 'id']),
        },
      }
    },
  },
  {
    name: 'audit_events',
    columns: [
      'sequence_number',
      'event_id',
      'timestamp',
      'actor_id',
      'target_resource',
      'action',
      'event_hash',
      'previous_hash',
    ],
    because: 'a hash chain of audit events: hashes and the text of details are kept to the byte, in the source’s order',
    draft: ({ table }) => ({
      target: 'audit_logs',
      columns: {
        action: { rule: 'copy', from: 'action' },
        actor: { rule: 'copy', from: 'actor_id' },
        target: { rule: 'copy', from: 'target_resource' },
        details: rest(
          table,
          ['action', 'actor_id', 'target_resource', 'timestamp'],
          ['details', 'risk_indicators', 'compliance_tags'],
        ),
        timestamp: moment(table, 'timestamp'),
        event_id: { rule: 'uuid5', from: 'event_id', namespace: eventNamespace },
      },
    }),
  },
]
