import type { Scope } from '../core/access/scopes.ts'

/**
 * Who may use a route: keys with a scope (`any` key at all), and for whom. An operator's key may for every agent; an
 * agent's own where the path names it (`path`), where the rest of the input does (`input`: the route itself checks),
 * or wherever it likes (`none`: the route is not about one agent).
 */
export type Access = { scope: Scope | 'any'; own: 'path' | 'input' | 'none' }

const own = (scope: Scope | 'any'): Access => ({ scope, own: 'path' })
const byInput = (scope: Scope): Access => ({ scope, own: 'input' })
const admin: Access = { scope: 'admin', own: 'none' }
const anyKey: Access = { scope: 'any', own: 'none' }

/**
 * The one route table. The stack, the local gateway and the OpenAPI document read it; `functions/<file>.ts` serves the
 * route under its key. `request` and `answer` name the bodies' schemas in `functions/schemas.ts`.
 */
export const routes = [
  route('PUT', '/v1/agents/{agent}', 'agents', admin, [201, 200], 'RegisterAgent', 'Agent'),
  route('PATCH', '/v1/agents/{agent}', 'agents', own('receive'), [200], 'ChangeAgent', 'Agent'),
  route('GET', '/v1/agents/{agent}', 'agents', own('any'), [200], null, 'Agent'),
  route('GET', '/v1/agents', 'agents', admin, [200], null, 'AgentPage'),
  route('POST', '/v1/agents/{agent}/heartbeat', 'agents', own('any'), [200], null, 'Heartbeat'),
  route(
    'POST',
    '/v1/agents/{agent}/signing-secret/rotate',
    'agents',
    own('receive'),
    [200],
    'RotateSigningSecret',
    'Agent',
  ),
  route('POST', '/v1/messages', 'publish', byInput('publish'), [202], 'AgentMessage', 'Published'),
  route('POST', '/v1/messages/batch', 'publish', byInput('publish'), [202], 'PublishBatch', 'PublishedBatch'),
  route('GET', '/v1/messages/{message_id}', 'messages', byInput('publish'), [200], null, 'MessageStatus'),
  route('GET', '/v1/agents/{agent}/inbox', 'inbox', own('receive'), [200], null, 'Inbox'),
  route('POST', '/v1/agents/{agent}/inbox/receive', 'inbox', own('receive'), [200], 'Receive', 'Received'),
  route('POST', '/v1/agents/{agent}/inbox/settle', 'inbox', own('receive'), [200], 'Settle', 'Settled'),
  route('GET', '/v1/agents/{agent}/dead-letters', 'dead-letters', own('receive'), [200], null, 'DeadLetterPage'),
  route(
    'GET',
    '/v1/agents/{agent}/dead-letters/{dead_letter_id}',
    'dead-letters',
    own('receive'),
    [200],
    null,
    'DeadLetter',
  ),
  route(
    'POST',
    '/v1/agents/{agent}/dead-letters/redrive',
    'dead-letters',
    admin,
    [200],
    'SelectDeadLetters',
    'Redriven',
  ),
  route(
    'POST',
    '/v1/agents/{agent}/dead-letters/discard',
    'dead-letters',
    admin,
    [200],
    'SelectDeadLetters',
    'Discarded',
  ),
  route('POST', '/v1/metrics', 'metrics', byInput('metrics:write'), [201], 'WriteMetrics', 'MetricsWritten'),
  route('GET', '/v1/metrics', 'metrics', byInput('records:read'), [200], null, 'MetricPage'),
  route('GET', '/v1/metrics/rollup', 'metrics', byInput('records:read'), [200], null, 'MetricRollups'),
  route('POST', '/v1/keys', 'keys', admin, [201], 'CreateKey', 'NewKey'),
  route('GET', '/v1/keys', 'keys', admin, [200], null, 'KeyPage'),
  route('POST', '/v1/keys/{key_id}/rotate', 'keys', admin, [201], 'RotateKey', 'RotatedKey'),
  route('POST', '/v1/keys/{key_id}/revoke', 'keys', admin, [200], null, 'Key'),
  route('POST', '/v1/projection/rebuild', 'projection', admin, [200], 'RebuildProjection', 'RebuiltProjection'),
  route('GET', '/v1/health', 'health', anyKey, [200], null, 'Health'),
] as const

export type Method = 'GET' | 'PUT' | 'PATCH' | 'POST'
export type Route = (typeof routes)[number]
/** How API Gateway names a route in an event's `routeKey`. */
export type RouteKey = Route['key']

function route<
  const M extends Method,
  const P extends string,
  const F extends string,
  const R extends string | null,
  const A extends string,
>(method: M, path: P, file: F, access: Access, statuses: readonly number[], request: R, answer: A) {
  return { key: `${method} ${path}` as const, method, path, file, access, statuses, request, answer }
}
