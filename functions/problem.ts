import { type ErrorCode, HiveError } from '../core/errors.ts'
import type { Answer } from './answer.ts'

/** The short name of each problem; what happened in one case is the error's own message. */
export const problemTitles: Record<ErrorCode, string> = {
  'request.invalid_json': 'The body is not valid JSON',
  'request.invalid': 'The request is not valid',
  'request.unprocessable': 'The request contradicts itself',
  'request.too_large': 'The request is too large',
  'request.timeout': 'The request took too long',
  'cursor.invalid': 'The cursor is not valid',
  'version.unknown': 'The message version is not known',
  'auth.missing': 'No key was given',
  'auth.invalid': 'The key is not valid',
  'auth.forbidden': 'The key does not allow this',
  'rate.limited': 'There were too many requests',
  'key.unknown': 'There is no such key',
  'key.ended': 'The key cannot be rotated any more',
  'route.unknown': 'There is no such route',
  'route.method': 'The route has no such method',
  'agent.unknown': 'There is no such agent',
  'agent.disabled': 'The agent is disabled',
  'capability.unavailable': 'No live agent has this capability',
  'capability.limit': 'The agent has declared too many capabilities',
  'topic.full': 'The topic has too many subscribers',
  'subscription.limit': 'The agent has too many subscriptions',
  'message.unknown': 'There is no such message',
  'message.conflict': 'The message id is taken by other content',
  'metrics.conflict': 'The idempotency key is taken by other points',
  'dead_letter.unknown': 'There is no such dead letter',
  'receipt.stale': 'The receipt is no longer valid',
  'loop.detected': 'Agents answer each other without end',
  'endpoint.refused': 'The endpoint is refused',
  'inbox.full': 'The inbox is full',
  'waiting.full': 'Messages wait for too many capabilities',
  'history.backlog': 'History is behind',
  'redis.unavailable': 'Redis cannot be reached',
  'postgres.unavailable': 'Postgres cannot be reached',
  'migration.plan_invalid': 'The plan of a migration cannot be run as it is',
  'migration.changed': 'The sources have changed since they were moved',
  'migration.unfinished': 'A part was moved by another plan',
  'migration.busy': 'The migration is under way already',
  'migration.unknown': 'There is no such migration',
  'migration.edited': 'What was moved has been changed since',
  'migration.retried': 'Another run has tried its rejected rows again',
  'migration.partial': 'The run has only a part of the rows',
  'migration.state': 'The migration is not in a state for that',
  internal: 'Something went wrong',
}

/** The answer to a failed request: RFC 9457 `application/problem+json`. What is not a HiveError says nothing of itself. */
export function problem(error: unknown, requestId: string): Answer {
  const known = error instanceof HiveError && error.code !== 'internal' ? error : null
  const code = known?.code ?? 'internal'
  const status = known?.status ?? 500
  const body = {
    type: `urn:agent-hive:error:${code}`,
    title: problemTitles[code],
    status,
    detail: known?.message ?? 'The failure was logged under this request id.',
    code,
    errors: known?.errors ?? [],
    request_id: requestId,
  }
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...problemHeaders(status, known) },
    body,
  }
}

function problemHeaders(status: number, error: HiveError | null): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer' }
  if (status === 503 || status === 429) return { 'retry-after': String(Math.max(1, Math.ceil(error?.retryAfter ?? 1))) }
  return {}
}
