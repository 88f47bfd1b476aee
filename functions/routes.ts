/**
 * The one route table. The stack, the local gateway and the OpenAPI document read it; `functions/<file>.ts` serves the
 * route under its key. `request` and `answer` name the bodies' schemas in `functions/schemas.ts`.
 */
export const routes = [
  route('PUT', '/v1/agents/{agent}', 'agents', [201, 200], 'RegisterAgent', 'Agent'),
  route('PATCH', '/v1/agents/{agent}', 'agents', [200], 'ChangeAgent', 'Agent'),
  route('GET', '/v1/agents/{agent}', 'agents', [200], null, 'Agent'),
  route('GET', '/v1/agents', 'agents', [200], null, 'AgentPage'),
  route(
    'PUT',
    '/v1/agents/{agent}/capabilities/{capability}',
    'capabilities',
    [201, 200],
    'DeclareCapability',
    'Capability',
  ),
  route('DELETE', '/v1/agents/{agent}/capabilities/{capability}', 'capabilities', [200], null, 'CapabilityWithdrawn'),
  route('GET', '/v1/agents/{agent}/capabilities', 'capabilities', [200], null, 'CapabilityPage'),
  route('GET', '/v1/capabilities', 'capabilities', [200], null, 'CapabilityPage'),
  route('POST', '/v1/messages', 'publish', [202], 'AgentMessage', 'Published'),
  route('POST', '/v1/messages/batch', 'publish', [202], 'PublishBatch', 'PublishedBatch'),
  route('GET', '/v1/messages/{message_id}', 'messages', [200], null, 'MessageStatus'),
  route('GET', '/v1/agents/{agent}/inbox', 'inbox', [200], null, 'Inbox'),
  route('POST', '/v1/agents/{agent}/inbox/receive', 'inbox', [200], 'Receive', 'Received'),
  route('POST', '/v1/agents/{agent}/inbox/settle', 'inbox', [200], 'Settle', 'Settled'),
  route('GET', '/v1/agents/{agent}/dead-letters', 'dead-letters', [200], null, 'DeadLetterPage'),
  route('GET', '/v1/agents/{agent}/dead-letters/{dead_letter_id}', 'dead-letters', [200], null, 'DeadLetter'),
  route('POST', '/v1/agents/{agent}/dead-letters/redrive', 'dead-letters', [200], 'SelectDeadLetters', 'Redriven'),
  route('POST', '/v1/agents/{agent}/dead-letters/discard', 'dead-letters', [200], 'SelectDeadLetters', 'Discarded'),
  route('POST', '/v1/metrics', 'metrics', [201], 'WriteMetrics', 'MetricsWritten'),
  route('GET', '/v1/metrics', 'metrics', [200], null, 'MetricPage'),
  route('GET', '/v1/metrics/rollup', 'metrics', [200], null, 'MetricRollups'),
  route('GET', '/v1/conversations', 'conversations', [200], null, 'ConversationPage'),
  route('GET', '/v1/conversations/{conversation_id}', 'conversations', [200], null, 'ConversationPage'),
  route('GET', '/v1/security-events', 'security-events', [200], null, 'SecurityEventPage'),
  route('GET', '/v1/audit-logs', 'audit-logs', [200], null, 'AuditPage'),
  route('GET', '/v1/health', 'health', [200], null, 'Health'),
] as const

export type Method = 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE'
export type Route = (typeof routes)[number]
/** How API Gateway names a route in an event's `routeKey`. */
export type RouteKey = Route['key']

function route<
  const M extends Method,
  const P extends string,
  const F extends string,
  const R extends string | null,
  const A extends string,
>(method: M, path: P, file: F, statuses: readonly number[], request: R, answer: A) {
  return { key: `${method} ${path}` as const, method, path, file, statuses, request, answer }
}
