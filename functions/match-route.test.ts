import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { matchRoute } from './match-route.ts'
import { routes } from './routes.ts'

describe('matching a route', () => {
  it('takes parameters as they were sent', () => {
    const match = matchRoute('GET', '/v1/agents/a%20b/dead-letters/17')
    expect(match).toMatchObject({
      route: { key: 'GET /v1/agents/{agent}/dead-letters/{dead_letter_id}' },
      params: { agent: 'a%20b', dead_letter_id: '17' },
    })
  })

  it('prefers a literal segment to a parameter', () => {
    expect(matchRoute('POST', '/v1/messages/batch')).toMatchObject({ route: { key: 'POST /v1/messages/batch' } })
    expect(matchRoute('POST', '/v1/agents/a/dead-letters/redrive').route?.file).toBe('dead-letters')
  })

  it('names the methods of a path that has no such method', () => {
    expect(matchRoute('DELETE', '/v1/agents/a')).toEqual({ route: null, allow: ['GET', 'PATCH', 'PUT'] })
    expect(matchRoute('POST', '/v1/health')).toEqual({ route: null, allow: ['GET'] })
  })

  it.each(['/', '/v1', '/v1/agents/', '/v1/agents/a/', '/v2/messages', '/v1/messages/a/b'])(
    'finds nothing at %s',
    (path) => {
      expect(matchRoute('GET', path)).toEqual({ route: null, allow: [] })
    },
  )

  it('finds every route of the table by its own path, and a file that serves it', () => {
    for (const route of routes) {
      const path = route.path.replaceAll(/\{.*?\}/g, 'x')
      expect(matchRoute(route.method, path).route).toBe(route)
      expect(existsSync(join(import.meta.dirname, `${route.file}.ts`))).toBe(true)
    }
  })
})
