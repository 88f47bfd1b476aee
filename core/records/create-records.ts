import { randomUUID } from 'node:crypto'
import type { AgentsRepository } from './agents-repository.ts'
import type { ApiKeysRepository } from './api-keys-repository.ts'
import type { ConversationsRepository } from './conversations-repository.ts'
import type { MetricsRepository } from './metrics-repository.ts'
import { createAgents } from './neon/agents.ts'
import { createApiKeys } from './neon/api-keys.ts'
import { queryMetrics } from './neon/query-metrics.ts'
import { readConversation, readMessage } from './neon/read-conversations.ts'
import { recordConversations } from './neon/record-conversations.ts'
import { rollUpMetrics } from './neon/roll-up-metrics.ts'
import { createRunStatement, type RecordsConfig, type RunOptions } from './neon/run-statement.ts'
import { writeMetrics } from './neon/write-metrics.ts'

/** What is kept for good. */
export type Records = {
  metrics: MetricsRepository
  conversations: ConversationsRepository
  agents: AgentsRepository
  apiKeys: ApiKeysRepository
  close(): Promise<void>
}

/** Records in Neon. Nothing is connected until it is used, and no connection outlives a call. */
export function createRecords(config: RecordsConfig, options: Partial<RunOptions> = {}): Records {
  const run = createRunStatement(config, { retryMs: 2_000, timeoutMs: 10_000, ...options })
  return {
    metrics: {
      write: (points, { key = randomUUID() } = {}) => writeMetrics(run, points, key),
      query: (query) => queryMetrics(run, query),
      rollup: (query) => rollUpMetrics(run, query),
    },
    conversations: {
      record: (accepted, changes) => recordConversations(run, accepted, changes),
      byConversation: (id, page) => readConversation(run, id, page),
      byMessage: (fromAgent, messageId) => readMessage(run, fromAgent, messageId),
    },
    agents: createAgents(run),
    apiKeys: createApiKeys(run),
    close: async () => {},
  }
}
