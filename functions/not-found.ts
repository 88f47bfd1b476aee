import { HiveError } from '../core/errors.ts'
import { http, on } from './http.ts'
import { matchRoute } from './match-route.ts'
import { problem } from './problem.ts'
import { Anything } from './requests/anything.ts'

/** The `$default` route: whatever the route table does not have, told apart into 404 and 405. */
export const handler = http({
  $default: on({ query: Anything }, async (_hive, _input, { id, event }) => {
    const { method, path } = event.requestContext.http
    const match = matchRoute(method, path)
    if (match.route || match.allow.length === 0) {
      throw new HiveError('route.unknown', `There is no route ${method} ${path}.`)
    }
    const allow = match.allow.join(', ')
    const refusal = problem(new HiveError('route.method', `${path} takes ${allow}, not ${method}.`), id)
    return { ...refusal, headers: { ...refusal.headers, allow } }
  }),
})
