import { authenticate } from '../core/access/authenticate.ts'
import { type Caller, forbidden, hasScope, isAdmin } from '../core/access/caller.ts'
import { takeToken } from '../core/access/rate-limit.ts'
import type { HiveError } from '../core/errors.ts'
import type { Hive } from '../core/hive.ts'
import type { Known } from './known.ts'
import { type Route, routes } from './routes.ts'

/** As much of a request as who may make it depends on. */
export type Attempt = {
  routeKey: string
  authorization: string | undefined
  pathAgent: string | undefined
}

const byKey = new Map<string, Route>(routes.map((route) => [route.key, route]))

/**
 * Lets a request in: its key is good, has requests left, has the scope that the route asks for, and where the route's
 * path names an agent it is that agent's. What only the input tells is left to the route. Who calls, and how the limit
 * of the key stands, is put into `known`, also when the request is refused after all.
 * Throws `auth.missing`, `auth.invalid`, `rate.limited`, `auth.forbidden`.
 */
export async function authorize(hive: Hive, attempt: Attempt, known: Known): Promise<void> {
  const caller = await authenticate(hive, attempt.authorization)
  known.caller = caller
  const route = byKey.get(attempt.routeKey)
  const standing = await takeToken(hive, caller, route?.access.limit ?? route?.access.scope ?? 'any')
  if (standing) known.limit = standing
  const refusal = refusalOf(caller, route, attempt)
  if (refusal) throw refusal
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
