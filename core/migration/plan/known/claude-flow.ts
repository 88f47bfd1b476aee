import { conversationNamespace } from '../../../protocol/conversation-id.ts'
import { moment, rest, rowPrefix } from '../draft.ts'
import type { KnownTable } from './known-table.ts'

/** Tables of claude-flow and its hive-mind. */
export const claudeFlowTables: KnownTable[] = [
  {
    name: 'session_logs',
    columns: ['id', 'session_id', 'timestamp', 'log_level', 'message', 'agent_id', 'data'],
    because: 'what was said in a session: from the agent, else from the process, to the session',
    draft: (draft) => {
      const prefix = rowPrefix(draft)
      const { table } = draft
      return {
        target: 'agent_conversations',
        columns: {
          conversation_id: {
            rule: 'uuid5',
            from: 'session_id',
            namespace: conversationNamespace,
            otherwise: { prefix, from: 'id' },
          },
          from_agent: { rule: 'copy', from: 'agent_id', otherwise: 'hive-mind' },
          to_agent: { rule: 'copy', from: 'session_id' },
          message_type: { rule: 'constant', value: 'session_log' },
          content: { rule: 'body', members: { message: 'message' } },
          timestamp: moment(table, 'timestamp'),
          message_id: { rule: 'copy', from: 'id', prefix },
          priority: {
            rule: 'priority',
            from: 'log_level',
            map: { debug: 1, info: 2, warn: 3, warning: 3, error: 4, fatal: 4 },
            otherwise: 2,
          },
          status: { rule: 'constant', value: 'delivered' },
          status_at: moment(table, 'timestamp'),
          attempts: { rule: 'constant', value: 1 },
          metadata: rest(table, ['agent_id', 'session_id', 'message', 'timestamp', 'id'], ['data']),
        },
      }
    },
  },
]
