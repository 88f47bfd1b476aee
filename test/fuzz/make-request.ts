import { parameterExamples, requestExamples } from '../../functions/openapi/examples.ts'
import { type Route, routes } from '../../functions/routes.ts'
import { queries } from '../../functions/schemas.ts'
import type { Random } from '../random.ts'
import { mutateJson, mutateText } from './mutate-json.ts'
import { oddText, oddValue } from './odd-values.ts'

export type FuzzRequest = {
  route: Route['key'] | 'none'
  method: string
  path: string
  headers: Record<string, string>
  body?: string | Buffer
}

/** A request for some route that was valid before something was done to it; some are as they were. */
export function makeRequest(random: Random, keys: { admin: string; agent: string }): FuzzRequest {
  const route = random.pick(routes)
  const changed = random.pick([
    'body',
    'body',
    'body',
    'text',
    'path',
    'query',
    'headers',
    'nothing',
    'several',
  ] as const)
  const changes = (part: string) => changed === part || (changed === 'several' && random.chance(0.5))
  const path = pathOf(random, route, changes('path')) + queryOf(random, route, changes('query'))
  const headers = headersOf(random, keys, changes('headers'))
  const body = bodyOf(random, route, changes('body'), changes('text'))
  const method = random.chance(0.01) ? random.pick(['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS']) : route.method
  return {
    route: method === route.method ? route.key : 'none',
    method,
    path,
    headers,
    ...(body === undefined ? {} : { body }),
  }
}

function pathOf(random: Random, route: Route, isOdd: boolean): string {
  const odd = random.int(0, 2)
  let at = 0
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = isOdd && at++ === odd % 2 ? oddText(random) : String(parameterExamples[name] ?? 'x')
    // what no client encodes goes as it is
    return random.chance(0.05)
      ? value.replace(/[\0-\x20\x7f-\uffff#?]/g, '%')
      : encodeURIComponent(value.toWellFormed())
  })
  return isOdd && random.chance(0.2)
    ? `${path}${random.pick(['/', '//', '/x', '%00', '%', '%zz', '?', '#x', ';v=1'])}`
    : path
}

function queryOf(random: Random, route: Route, isOdd: boolean): string {
  const names = route.query === null ? [] : Object.keys(queries[route.query]._zod.def.shape)
  const chosen = names.filter(() => random.chance(0.4))
  if (isOdd) chosen.push(random.pick([...names, 'unknown', 'limit', 'cursor', '__proto__']))
  const pairs = chosen.map((name) => {
    const example = parameterExamples[name]
    const isOddOne = isOdd && random.chance(0.7)
    const value = isOddOne || example === undefined ? String(oddValue(random, 3)).slice(0, 300) : String(example)
    return `${encodeURIComponent(name)}=${random.chance(0.03) ? '%' : encodeURIComponent(value.toWellFormed())}`
  })
  if (isOdd && random.chance(0.1)) pairs.push(random.pick(['&', '=', 'a=1&a=2', '%ff=1', 'limit=1&limit=2']))
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function headersOf(
  random: Random,
  { admin, agent }: { admin: string; agent: string },
  isOdd: boolean,
): Record<string, string> {
  const authorization = `Bearer ${random.chance(0.3) ? agent : admin}`
  const headers: Record<string, string> = { authorization, 'content-type': 'application/json' }
  if (random.chance(0.1)) headers['idempotency-key'] = `fuzz-${random.int(0, 50)}`
  if (!isOdd) return headers
  const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, '?').trim()
  const odd = printable(String(oddValue(random, 3)).slice(0, 4_000))
  switch (random.int(0, 4)) {
    case 0:
      headers.authorization = random.pick([
        '',
        'Bearer',
        'Bearer ',
        `Basic ${admin}`,
        `Bearer ${odd}`,
        `bearer ${agent.slice(0, -1)}A`,
      ])
      break
    case 1:
      headers['idempotency-key'] = odd
      break
    case 2:
      headers['content-type'] = odd || 'x'
      break
    case 3:
      headers['x-request-id'] = odd
      break
    default:
      headers['content-encoding'] = random.pick(['gzip', 'br', odd || 'x'])
  }
  return headers
}

function bodyOf(random: Random, route: Route, mutates: boolean, mutatesText: boolean): string | Buffer | undefined {
  if (route.request === null) return mutates && route.method !== 'GET' ? JSON.stringify(oddValue(random)) : undefined
  const { value } = random.pick(Object.values(requestExamples[route.request]))
  const given = mutates ? mutateJson(random, value) : value
  const text = JSON.stringify(withoutWaiting(given)) ?? ''
  return mutatesText ? mutateText(random, text) : text
}

/** A call that waits keeps the others waiting: its time is taken out where it would be taken. */
function withoutWaiting(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || !('wait_seconds' in given)) return given
  const { wait_seconds: wait } = given
  return typeof wait === 'number' && wait > 0 && wait <= 20 ? { ...given, wait_seconds: 0 } : given
}
