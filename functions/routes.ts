import type { RateClass } from '../core/access/rate-limit.ts'
import type { Scope } from '../core/access/scopes.ts'

/**
 * Who may use a route: keys with a scope (`any` key at all), and for whom. An admin may for every agent; an agent's own
 * key where the path names it (`path`), where the rest of the input does (`input`: the route itself checks), or wherever
 * it likes (`none`: the route is not about one agent). Requests count against the limit of the scope's class unless
 * `limit` names another one.
 */
export type Access = { scope: Scope | 'any'; own: 'path' | 'input' | 'none'; limit?: RateClass }

const own = (scope: Scope | 'any'): Access => ({ scope, own: 'path' })
/** With which an agent changes what Postgres knows of it: it has little reason to do so often. */
const ownChange: Access = { scope: 'receive', own: 'path', limit: 'changes' }
const byInput = (scope: Scope): Access => ({ scope, own: 'input' })
const admin: Access = { scope: 'admin', own: 'none' }
const anyKey: Access = { scope: 'any', own: 'none' }

/**
 * The one route table. The stack, the local gateway and the OpenAPI document read it; `functions/<file>.ts` serves the
 * route under its key. `request` and `answer` name the bodies' schemas in `functions/schemas.ts`, `query` the query's.
 */
export const routes = [
  route('PUT', '/v1/agents/{agent}', 'agents', [201, 200], 'RegisterAgent', 'Agent', {
    id: 'registerAgent',
    summary: 'Register an agent, or replace what it is',
    access: admin,
  }),
  route('PATCH', '/v1/agents/{agent}', 'agents', [200], 'ChangeAgent', 'Agent', {
    id: 'changeAgent',
    summary: 'Change what is given of an agent and keep the rest',
    access: ownChange,
  }),
  route('GET', '/v1/agents/{agent}', 'agents', [200], null, 'Agent', {
    id: 'getAgent',
    summary: 'Read one agent',
    access: own('any'),
  }),
  route('GET', '/v1/agents', 'agents', [200], null, 'AgentPage', {
    id: 'listAgents',
    summary: 'List agents by name',
    access: admin,
    query: 'PageQuery',
  }),
  route('POST', '/v1/agents/{agent}/heartbeat', 'agents', [200], null, 'Heartbeat', {
    id: 'heartbeat',
    summary: 'Say that an agent is alive',
    access: own('any'),
  }),
  route('POST', '/v1/agents/{agent}/signing-secret/rotate', 'agents', [200], 'RotateSigningSecret', 'Agent', {
    id: 'rotateSigningSecret',
    summary: 'Give an agent another signing secret',
    access: ownChange,
  }),
  route(
    'PUT',
    '/v1/agents/{agent}/capabilities/{capability}',
    'capabilities',
    [201, 200],
    'DeclareCapability',
    'Capability',
    {
      id: 'declareCapability',
      summary: 'Declare what an agent can do, or replace what it declared',
      access: ownChange,
    },
  ),
  route('DELETE', '/v1/agents/{agent}/capabilities/{capability}', 'capabilities', [200], null, 'CapabilityWithdrawn', {
    id: 'withdrawCapability',
    summary: 'Take back what an agent declared',
    access: ownChange,
  }),
  route('GET', '/v1/agents/{agent}/capabilities', 'capabilities', [200], null, 'CapabilityPage', {
    id: 'listCapabilities',
    summary: 'List what an agent can do, by name',
    access: anyKey,
    query: 'PageQuery',
  }),
  route('GET', '/v1/capabilities', 'capabilities', [200], null, 'CapabilityPage', {
    id: 'findCapable',
    summary: 'Find who can do what, the most proficient first',
    access: anyKey,
    query: 'CapabilityQuery',
  }),
  route('PUT', '/v1/topics/{topic}/subscribers/{agent}', 'topics', [201, 200], 'Subscribe', 'Subscription', {
    id: 'subscribe',
    summary: 'Subscribe an agent to a topic, or change which message types it wants',
    access: ownChange,
  }),
  route('DELETE', '/v1/topics/{topic}/subscribers/{agent}', 'topics', [200], null, 'Unsubscribed', {
    id: 'unsubscribe',
    summary: 'End a subscription',
    access: ownChange,
  }),
  route('GET', '/v1/topics/{topic}/subscribers', 'topics', [200], null, 'SubscriptionPage', {
    id: 'listSubscribers',
    summary: 'List who has subscribed to a topic, by name',
    access: admin,
    query: 'PageQuery',
  }),
  route('GET', '/v1/topics', 'topics', [200], null, 'TopicPage', {
    id: 'listTopics',
    summary: 'List topics with subscribers, by name',
    access: admin,
    query: 'PageQuery',
  }),
  route('GET', '/v1/agents/{agent}/subscriptions', 'topics', [200], null, 'SubscriptionPage', {
    id: 'listSubscriptions',
    summary: 'List what an agent has subscribed to, by topic',
    access: own('receive'),
    query: 'PageQuery',
  }),
  route('POST', '/v1/messages', 'publish', [202], 'NewMessage', 'Published', {
    id: 'publishMessage',
    summary: 'Publish one message',
    access: byInput('publish'),
  }),
  route('POST', '/v1/messages/batch', 'publish', [202], 'PublishBatch', 'PublishedBatch', {
    id: 'publishBatch',
    summary: 'Publish up to 100 messages, all or none of them',
    access: byInput('publish'),
  }),
  route('GET', '/v1/messages/{message_id}', 'messages', [200], null, 'MessageStatus', {
    id: 'getMessageStatus',
    summary: 'Read what became of a message, and why it waits',
    access: byInput('publish'),
    query: 'SenderQuery',
  }),
  route('GET', '/v1/agents/{agent}/inbox', 'inbox', [200], null, 'Inbox', {
    id: 'getInbox',
    summary: "Count an inbox's messages, and audit that none is missing",
    access: own('receive'),
  }),
  route('POST', '/v1/agents/{agent}/inbox/receive', 'inbox', [200], 'Receive', 'Received', {
    id: 'receiveMessages',
    summary: 'Lease the next messages of an inbox, or wait for the first',
    access: own('receive'),
    idempotent: true,
  }),
  route('POST', '/v1/agents/{agent}/inbox/settle', 'inbox', [200], 'Settle', 'Settled', {
    id: 'settleMessages',
    summary: 'Acknowledge, refuse or keep leased messages',
    access: own('receive'),
  }),
  route('GET', '/v1/agents/{agent}/dead-letters', 'dead-letters', [200], null, 'DeadLetterPage', {
    id: 'listDeadLetters',
    summary: 'List dead letters, oldest first',
    access: own('receive'),
    query: 'PageQuery',
  }),
  route('GET', '/v1/agents/{agent}/dead-letters/{dead_letter_id}', 'dead-letters', [200], null, 'DeadLetter', {
    id: 'getDeadLetter',
    summary: 'Read one dead letter',
    access: own('receive'),
  }),
  route('POST', '/v1/agents/{agent}/dead-letters/redrive', 'dead-letters', [200], 'SelectDeadLetters', 'Redriven', {
    id: 'redriveDeadLetters',
    summary: 'Send dead letters again',
    access: admin,
  }),
  route('POST', '/v1/agents/{agent}/dead-letters/discard', 'dead-letters', [200], 'SelectDeadLetters', 'Discarded', {
    id: 'discardDeadLetters',
    summary: 'Throw dead letters away',
    access: admin,
  }),
  route('POST', '/v1/metrics', 'metrics', [201], 'WriteMetrics', 'MetricsWritten', {
    id: 'writeMetrics',
    summary: 'Write one point or up to 5,000',
    access: byInput('metrics:write'),
    idempotent: true,
  }),
  route('GET', '/v1/metrics', 'metrics', [200], null, 'MetricPage', {
    id: 'queryMetrics',
    summary: 'Read points, newest first',
    access: byInput('records:read'),
    query: 'MetricQuery',
  }),
  route('GET', '/v1/metrics/rollup', 'metrics', [200], null, 'MetricRollups', {
    id: 'rollUpMetrics',
    summary: 'Roll points up by interval, agent and type',
    access: byInput('records:read'),
    query: 'RollupQuery',
  }),
  route('POST', '/v1/keys', 'keys', [201], 'CreateKey', 'NewKey', {
    id: 'createKey',
    summary: 'Make an API key',
    access: admin,
  }),
  route('GET', '/v1/keys', 'keys', [200], null, 'KeyPage', {
    id: 'listKeys',
    summary: 'List API keys, without their secrets',
    access: admin,
    query: 'KeyQuery',
  }),
  route('POST', '/v1/keys/{key_id}/rotate', 'keys', [201], 'RotateKey', 'RotatedKey', {
    id: 'rotateKey',
    summary: 'Make an API key that follows another',
    access: admin,
  }),
  route('POST', '/v1/keys/{key_id}/revoke', 'keys', [200], null, 'Key', {
    id: 'revokeKey',
    summary: 'End an API key for good',
    access: admin,
  }),
  route('POST', '/v1/projection/rebuild', 'projection', [200], 'RebuildProjection', 'RebuiltProjection', {
    id: 'rebuildProjection',
    summary: 'Bring agents, keys, capabilities and subscriptions from Postgres to Redis again',
    access: admin,
  }),
  route('GET', '/v1/conversations', 'conversations', [200], null, 'ConversationPage', {
    id: 'queryConversations',
    summary: 'Find messages by agent, by words and by time, newest first',
    access: byInput('records:read'),
    query: 'ConversationQuery',
  }),
  route('GET', '/v1/conversations/{conversation_id}', 'conversations', [200], null, 'ConversationPage', {
    id: 'getConversation',
    summary: 'Read a conversation, oldest message first',
    access: byInput('records:read'),
    query: 'PageQuery',
  }),
  route('GET', '/v1/security-events', 'security-events', [200], null, 'SecurityEventPage', {
    id: 'querySecurityEvents',
    summary: 'Read security events, newest first',
    access: admin,
    query: 'SecurityEventQuery',
  }),
  route('GET', '/v1/audit-logs', 'audit-logs', [200], null, 'AuditPage', {
    id: 'queryAuditLogs',
    summary: 'Read the audit log, newest first',
    access: admin,
    query: 'AuditQuery',
  }),
  route('POST', '/v1/migrations/uploads', 'migrations', [201], 'CreateUpload', 'MigrationUpload', {
    id: 'createMigrationUpload',
    summary: 'Get URLs to which SQLite files are uploaded, to be moved',
    access: admin,
  }),
  route('POST', '/v1/migrations', 'migrations', [202, 200], 'StartMigration', 'Migration', {
    id: 'startMigration',
    summary: 'Move an upload as a plan says, or go on with it where it has failed',
    access: admin,
  }),
  route('GET', '/v1/migrations', 'migrations', [200], null, 'MigrationPage', {
    id: 'listMigrations',
    summary: 'List runs of migrations, newest first',
    access: admin,
    query: 'PageQuery',
  }),
  route('GET', '/v1/migrations/{migration_id}', 'migrations', [200], null, 'Migration', {
    id: 'getMigration',
    summary: 'Read how far a migration is, and what comparing it has found',
    access: admin,
  }),
  route('GET', '/v1/migrations/{migration_id}/tables', 'migrations', [200], null, 'MigrationTablePage', {
    id: 'listMigrationTables',
    summary: 'List what became of each table of a migration',
    access: admin,
    query: 'PageQuery',
  }),
  route('GET', '/v1/migrations/{migration_id}/rejects', 'migrations', [200], null, 'MigrationRejectPage', {
    id: 'listMigrationRejects',
    summary: 'List rows that a migration has rejected, and why',
    access: admin,
    query: 'PageQuery',
  }),
  route('POST', '/v1/migrations/{migration_id}/verify', 'migrations', [202], null, 'Migration', {
    id: 'verifyMigration',
    summary: 'Compare a migration with its upload again, row by row',
    access: admin,
  }),
  route('POST', '/v1/migrations/{migration_id}/rollback', 'migrations', [202], null, 'Migration', {
    id: 'rollBackMigration',
    summary: 'Remove what a migration has added',
    access: admin,
  }),
  route('GET', '/v1/health', 'health', [200], null, 'Health', {
    id: 'getHealth',
    summary: 'Check that Redis and Postgres answer',
    access: anyKey,
  }),
  route('GET', '/openapi.json', 'openapi', [200], null, 'OpenApiDocument', {
    id: 'getOpenApi',
    summary: 'Read this description of the API',
    access: anyKey,
  }),
] as const

export type Method = 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE'
export type Route = (typeof routes)[number]
/** How API Gateway names a route in an event's `routeKey`. */
export type RouteKey = Route['key']
export type PathParameter = ParametersOf<Route['path']>

type ParametersOf<P> = P extends `${string}{${infer Name}}${infer Rest}` ? Name | ParametersOf<Rest> : never

type Details<Q> = {
  /** The operation's id in the OpenAPI document, after which clients name their functions: it stays as it is. */
  id: string
  summary: string
  access: Access
  /** Without one no parameter is taken. */
  query?: Q
  /** Whether the route takes the header Idempotency-Key. */
  idempotent?: true
}

function route<
  const M extends Method,
  const P extends string,
  const F extends string,
  const R extends string | null,
  const A extends string,
  const Q extends string = never,
>(method: M, path: P, file: F, statuses: readonly number[], request: R, answer: A, details: Details<Q>) {
  const { id, summary, access, query = null, idempotent = false } = details
  return {
    key: `${method} ${path}` as const,
    method,
    path,
    file,
    access,
    statuses,
    request,
    answer,
    id,
    summary,
    query,
    idempotent,
  }
}
