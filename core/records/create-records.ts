import { randomUUID } from 'node:crypto'
import type { AgentsRepository } from './agents-repository.ts'
import type { ApiKeysRepository } from './api-keys-repository.ts'
import type { AuditRepository } from './audit-repository.ts'
import type { CapabilitiesRepository } from './capabilities-repository.ts'
import type { ConversationsRepository } from './conversations-repository.ts'
import { createRunStatement, type RecordsConfig, type RunOptions } from './drivers/run-statement.ts'
import type { MetricsRepository } from './metrics-repository.ts'
import type { MigrationsRepository } from './migrations-repository.ts'
import type { RetentionRepository } from './retention-repository.ts'
import type { SecurityEventsRepository } from './security-events-repository.ts'
import { createAgents } from './statements/agents.ts'
import { createApiKeys } from './statements/api-keys.ts'
import { createAudit } from './statements/audit.ts'
import { createCapabilities } from './statements/capabilities.ts'
import { createMigrations } from './statements/migrations.ts'
import { queryConversations } from './statements/query-conversations.ts'
import { queryMetrics } from './statements/query-metrics.ts'
import { readConversation, readMessage } from './statements/read-conversations.ts'
import { recordConversations } from './statements/record-conversations.ts'
import { createRetention } from './statements/retention.ts'
import { rollUpMetrics } from './statements/roll-up-metrics.ts'
import { createSecurityEvents } from './statements/security-events.ts'
import { createSubscriptions } from './statements/subscriptions.ts'
import { writeMetrics } from './statements/write-metrics.ts'
import type { SubscriptionsRepository } from './subscriptions-repository.ts'

/** What is kept for good. */
export type Records = {
  metrics: MetricsRepository
  conversations: ConversationsRepository
  agents: AgentsRepository
  apiKeys: ApiKeysRepository
  capabilities: CapabilitiesRepository
  subscriptions: SubscriptionsRepository
  securityEvents: SecurityEventsRepository
  audit: AuditRepository
  migrations: MigrationsRepository
  retention: RetentionRepository
  close(): Promise<void>
}

/**
 * Records in Postgres, reached as the configuration says. Nothing is loaded or connected until it is used; `close` ends
 * what is still connected.
 */
export function createRecords(config: RecordsConfig, options: Partial<RunOptions> = {}): Records {
  const { run, close } = createRunStatement(config, { retryMs: 2_000, timeoutMs: 10_000, ...options })
  return {
    metrics: {
      write: (points, known = { key: randomUUID(), digest: null }) => writeMetrics(run, points, known),
      query: (query) => queryMetrics(run, query),
      rollup: (query) => rollUpMetrics(run, query),
    },
    conversations: {
      record: (accepted, changes) => recordConversations(run, accepted, changes),
      query: (query) => queryConversations(run, query),
      byConversation: (id, page) => readConversation(run, id, page),
      byMessage: (fromAgent, messageId) => readMessage(run, fromAgent, messageId),
    },
    agents: createAgents(run),
    apiKeys: createApiKeys(run),
    capabilities: createCapabilities(run),
    subscriptions: createSubscriptions(run),
    securityEvents: createSecurityEvents(run),
    audit: createAudit(run),
    migrations: createMigrations(run),
    retention: createRetention(run),
    close,
  }
}
