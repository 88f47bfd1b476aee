import { authenticate } from '../core/access/authenticate.ts'
import { type Caller, forbidden, hasScope, isAdmin } from '../core/access/caller.ts'
import { type RateClass, RateLimited, type RateStanding, takeToken } from '../core/access/rate-limit.ts'
import { reportSecurity } from '../core/access/report-security.ts'
import { HiveError } from '../core/errors.ts'
import type { Hive } from '../core/hive.ts'
import { type Route, routes } from './routes.ts'

/** As much of a request as who may make it depends on. */
export type Attempt = {
  requestId: string
  routeKey: string
  authorization: string | undefined
  sourceIp: string
  pathAgent: string | undefined
}

const byKey = new Map<string, Route>(routes.map((route) => [route.key, route]))

/**
 * Lets a request in: its key is good, has requests left, has the scope that the route asks for, and where the route's
 * path names an agent it is that agent's. What only the input tells is left to the route. `onLimit` is told how the
 * limit of the key stands. Throws `auth.missing`, `auth.invalid`, `rate.limited`, `auth.forbidden`.
 */
export async function authorize(
  hive: Hive,
  attempt: Attempt,
  onLimit: (standing: RateStanding) => void,
): Promise<Caller> {
  const caller = await authenticated(hive, attempt)
  const route = byKey.get(attempt.routeKey)
  const scope = route?.access.scope ?? 'any'
  const standing = await counted(hive, caller, scope, attempt)
  if (standing) onLimit(standing)
  const refusal = refusalOf(caller, route, attempt)
  if (refusal) {
    reportViolation(hive, caller, attempt, refusal)
    throw refusal
  }
  return caller
}

/** Tells that a caller tried what its key does not allow. */
export function reportViolation(
  hive: Hive,
  caller: Caller,
  attempt: Pick<Attempt, 'requestId' | 'routeKey' | 'sourceIp'>,
  error: HiveError,
): void {
  reportSecurity(hive, {
    event_type: 'scope_violation',
    key_id: caller.keyId,
    agent: caller.agent,
    detail: error.message,
    ...about(attempt),
  })
}

async function authenticated(hive: Hive, attempt: Attempt): Promise<Caller> {
  try {
    return await authenticate(hive, attempt.authorization)
  } catch (error) {
    if (error instanceof HiveError && error.status === 401) {
      reportSecurity(hive, { event_type: 'authentication_failed', detail: error.code, ...about(attempt) })
    }
    throw error
  }
}

async function counted(hive: Hive, caller: Caller, name: RateClass, attempt: Attempt): Promise<RateStanding | null> {
  try {
    return await takeToken(hive, caller, name)
  } catch (error) {
    if (error instanceof RateLimited) {
      const { keyId, agent } = caller
      const detail = error.message
      reportSecurity(hive, { event_type: 'rate_limited', key_id: keyId, agent, detail, ...about(attempt) })
    }
    throw error
  }
}

function about({ requestId, routeKey, sourceIp }: Pick<Attempt, 'requestId' | 'routeKey' | 'sourceIp'>) {
  return { request_id: requestId, route: routeKey, source_ip: sourceIp }
}

function refusalOf(caller: Caller, route: Route | undefined, { pathAgent }: Attempt): HiveError | null {
  if (!route) return null
  const { scope, own } = route.access
  if (scope !== 'any' && !hasScope(caller, scope)) return forbidden(`This route takes a key with the scope ${scope}.`)
  if (own === 'path' && !isAdmin(caller) && caller.agent !== pathAgent) {
    return forbidden('An agent may do this for itself alone.', [
      { field: 'agent', message: 'is not the agent of this key' },
    ])
  }
  return null
}
