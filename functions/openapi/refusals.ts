import { type ErrorCode, errorStatus } from '../../core/errors.ts'
import type { Route, RouteKey } from '../routes.ts'

/** What a route may be refused with, beside what every route may be refused with. */
const refusals: Record<RouteKey, ErrorCode[]> = {
  'PUT /v1/agents/{agent}': ['endpoint.refused', 'postgres.unavailable'],
  'PATCH /v1/agents/{agent}': ['agent.unknown', 'endpoint.refused', 'postgres.unavailable'],
  'GET /v1/agents/{agent}': ['agent.unknown', 'postgres.unavailable'],
  'GET /v1/agents': ['cursor.invalid', 'postgres.unavailable'],
  'POST /v1/agents/{agent}/heartbeat': ['agent.unknown'],
  'POST /v1/agents/{agent}/signing-secret/rotate': ['agent.unknown', 'postgres.unavailable'],
  'PUT /v1/topics/{topic}/subscribers/{agent}': [
    'agent.unknown',
    'topic.full',
    'subscription.limit',
    'postgres.unavailable',
  ],
  'DELETE /v1/topics/{topic}/subscribers/{agent}': ['postgres.unavailable'],
  'GET /v1/topics/{topic}/subscribers': ['cursor.invalid', 'postgres.unavailable'],
  'GET /v1/topics': ['cursor.invalid', 'postgres.unavailable'],
  'GET /v1/agents/{agent}/subscriptions': ['agent.unknown', 'cursor.invalid', 'postgres.unavailable'],
  'POST /v1/messages': publish(),
  'POST /v1/messages/batch': publish(),
  'GET /v1/messages/{message_id}': ['message.unknown', 'cursor.invalid'],
  'GET /v1/agents/{agent}/inbox': ['agent.unknown'],
  'POST /v1/agents/{agent}/inbox/receive': ['agent.unknown', 'agent.disabled'],
  'POST /v1/agents/{agent}/inbox/settle': ['agent.unknown', 'receipt.stale'],
  'GET /v1/agents/{agent}/dead-letters': ['agent.unknown', 'cursor.invalid'],
  'GET /v1/agents/{agent}/dead-letters/{dead_letter_id}': ['agent.unknown', 'dead_letter.unknown'],
  'POST /v1/agents/{agent}/dead-letters/redrive': ['agent.unknown', 'postgres.unavailable'],
  'POST /v1/agents/{agent}/dead-letters/discard': ['agent.unknown', 'postgres.unavailable'],
  'POST /v1/metrics': ['metrics.conflict', 'postgres.unavailable'],
  'GET /v1/metrics': ['cursor.invalid', 'postgres.unavailable'],
  'GET /v1/metrics/rollup': ['request.unprocessable', 'postgres.unavailable'],
  'POST /v1/keys': ['agent.unknown', 'request.unprocessable', 'postgres.unavailable'],
  'GET /v1/keys': ['cursor.invalid', 'postgres.unavailable'],
  'POST /v1/keys/{key_id}/rotate': ['key.unknown', 'key.ended', 'request.unprocessable', 'postgres.unavailable'],
  'POST /v1/keys/{key_id}/revoke': ['key.unknown', 'postgres.unavailable'],
  'POST /v1/projection/rebuild': ['cursor.invalid', 'postgres.unavailable'],
  'GET /v1/health': ['postgres.unavailable'],
  'PUT /v1/agents/{agent}/capabilities/{capability}': ['agent.unknown', 'capability.limit', 'postgres.unavailable'],
  'DELETE /v1/agents/{agent}/capabilities/{capability}': ['postgres.unavailable'],
  'GET /v1/agents/{agent}/capabilities': ['agent.unknown', 'cursor.invalid', 'postgres.unavailable'],
  'GET /v1/capabilities': ['cursor.invalid', 'postgres.unavailable'],
  'GET /v1/conversations': ['cursor.invalid', 'postgres.unavailable'],
  'GET /v1/conversations/{conversation_id}': ['cursor.invalid', 'postgres.unavailable'],
  'GET /v1/security-events': ['cursor.invalid', 'postgres.unavailable'],
  'GET /v1/audit-logs': ['cursor.invalid', 'postgres.unavailable'],
  'POST /v1/migrations/uploads': [],
  'POST /v1/migrations': ['migration.plan_invalid', 'request.unprocessable', 'postgres.unavailable'],
  'GET /v1/migrations': ['cursor.invalid', 'postgres.unavailable'],
  'GET /v1/migrations/{migration_id}': ['migration.unknown', 'postgres.unavailable'],
  'GET /v1/migrations/{migration_id}/tables': ['migration.unknown', 'cursor.invalid', 'postgres.unavailable'],
  'GET /v1/migrations/{migration_id}/rejects': ['migration.unknown', 'cursor.invalid', 'postgres.unavailable'],
  'POST /v1/migrations/{migration_id}/verify': ['migration.unknown', 'migration.state', 'postgres.unavailable'],
  'POST /v1/migrations/{migration_id}/rollback': ['migration.unknown', 'migration.state', 'postgres.unavailable'],
  'GET /openapi.json': [],
}

function publish(): ErrorCode[] {
  return [
    'version.unknown',
    'agent.unknown',
    'agent.disabled',
    'capability.unavailable',
    'message.conflict',
    'loop.detected',
    'request.unprocessable',
    'inbox.full',
    'waiting.full',
    'history.backlog',
  ]
}

const always: ErrorCode[] = [
  'request.invalid',
  'auth.missing',
  'auth.invalid',
  'rate.limited',
  'internal',
  'request.timeout',
  // keys and limits are looked up there
  'redis.unavailable',
]
const withBody: ErrorCode[] = ['request.invalid_json', 'request.too_large']

/** The codes with which a route may answer instead of what was asked for, by their HTTP status. */
export function refusalsOf(route: Route): Map<number, ErrorCode[]> {
  const { scope, own } = route.access
  const refusable: ErrorCode[] = scope === 'any' && own === 'none' ? [] : ['auth.forbidden']
  const codes = [...always, ...refusable, ...(route.request === null ? [] : withBody), ...refusals[route.key]]
  return Map.groupBy(codes.sort(), (code) => errorStatus[code])
}
