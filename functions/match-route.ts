import { type Route, routes } from './routes.ts'

/** What a method and a path stand for: a route with its raw path parameters, or the methods that the path does have. */
export type RouteMatch = { route: Route; params: Record<string, string> } | { route: null; allow: string[] }

/** Finds a route; a literal segment wins over a parameter, as at API Gateway. Parameters are left as they were sent. */
export function matchRoute(method: string, path: string): RouteMatch {
  const candidates = routes
    .flatMap((route) => {
      const params = matchPath(route.path, path)
      return params ? [{ route, params }] : []
    })
    .sort((a, b) => Object.keys(a.params).length - Object.keys(b.params).length)
  const found = candidates.find(({ route }) => route.method === method)
  return found ?? { route: null, allow: [...new Set(candidates.map(({ route }) => route.method))].sort() }
}

function matchPath(template: string, path: string): Record<string, string> | null {
  const expected = template.split('/')
  const given = path.split('/')
  if (expected.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [index, segment] of expected.entries()) {
    const value = given[index] ?? ''
    if (segment.startsWith('{')) {
      if (value === '') return null
      params[segment.slice(1, -1)] = value
    } else if (segment !== value) return null
  }
  return params
}
