import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { errorStatus } from '../../core/errors.ts'
import { describedOperation, describedParameter, expectToFit } from '../../test/described.ts'
import { routes } from '../routes.ts'
import { requests } from '../schemas.ts'
import written from './document.json' with { type: 'json' }
import { describeApi } from './document.ts'

const api = describeApi()
const text = JSON.stringify(api)
const keyed = routes.map((route) => [route.key, route] as const)

/** What only `hive migrate` says: the steps of a run that is asked for over HTTP have them as its `fault`. */
const ofTheCommand = new Set([
  'migration.changed',
  'migration.unfinished',
  'migration.busy',
  'migration.edited',
  'migration.retried',
  'migration.partial',
])

describe('the OpenAPI document', () => {
  it('is the one that is written down; `npm run openapi` writes it anew', () => {
    expect(written).toEqual(JSON.parse(text))
  })

  it('has every route of the table and no other', () => {
    const described = Object.entries(api.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual(routes.map(({ key }) => key).sort())
  })

  it('has every error code but those of the command line and of routes that do not exist, and no code that does not', () => {
    const codes = Object.values(api.components.responses).flatMap(({ content }) => {
      const [, refined] = content['application/problem+json']?.schema.allOf ?? []
      const { code } = (refined?.properties ?? {}) as { code?: { enum: string[] } }
      return code?.enum ?? []
    })
    const known = Object.keys(errorStatus).filter((code) => !/^route\./.test(code) && !ofTheCommand.has(code))
    expect([...new Set(codes)].sort()).toEqual(known.sort())
  })

  it('holds each pattern and each list of codes once', () => {
    const names = [...text.matchAll(/"pattern":"\^\[A-Za-z0-9_]/g)]
    expect(names).toHaveLength(1)
    const classes = [...text.matchAll(/"pattern":"[^"]*\\\\p\{[^"]*"/g)].map(([pattern]) => pattern)
    expect(classes).toEqual([...new Set(classes)])
    expect([...text.matchAll(/"request.invalid_json","request.invalid",/g)]).toHaveLength(1)
  })

  it('says what may be sent as strictly as it is read, and leaves answers room to grow', () => {
    const { NewMessage, AgentMessage, Problem } = api.components.schemas
    expect(NewMessage).toMatchObject({ additionalProperties: false })
    expect(NewMessage?.required).toEqual(['to_agent', 'message_type', 'body'])
    expect(AgentMessage).not.toHaveProperty('additionalProperties')
    expect(AgentMessage?.required).toEqual(expect.arrayContaining(['message_id', 'priority', 'delivery_options']))
    expect(Problem).not.toHaveProperty('additionalProperties')
  })

  it.each([
    { priority: 'high', delivery_options: { backoff: 'fixed' } },
    { priority: 3, delivery_options: { backoff: { type: 'fixed', base_seconds: 1 } } },
  ])('takes a message with %j, as the protocol does', (options) => {
    const message = { from_agent: 'ann', to_agent: 'topic:builds', message_type: 'note', body: {}, ...options }
    expectToFit(api.components.schemas.NewMessage ?? {}, message)
    expect(z.safeParse(requests.NewMessage, message).success).toBe(true)
  })

  it.each([
    { to_agent: 'nobody: else' },
    { priority: 5 },
    { timestamp: '2026-03-01 12:00' },
    { timestamp: '0000-03-01T12:00:00Z' },
    { delivery_options: { backoff: 'linear' } },
    { surprise: 1 },
  ])('refuses a message with %j, as the protocol does', (fault) => {
    const message = { from_agent: 'ann', to_agent: 'bob', message_type: 'note', body: {}, ...fault }
    expect(() => expectToFit(api.components.schemas.NewMessage ?? {}, message)).toThrow()
    expect(z.safeParse(requests.NewMessage, message).success).toBe(false)
  })
})

describe.each(keyed)('%s', (_key, route) => {
  const { parameters = [], requestBody } = describedOperation(route)

  it('has examples that fit', () => {
    for (const { schema, example } of parameters.map(describedParameter)) {
      if (example !== undefined) expectToFit(schema, example)
    }
    const { schema, examples } = requestBody?.content['application/json'] ?? { schema: {}, examples: {} }
    for (const { value } of Object.values(examples)) expectToFit(schema, value)
    expect(Object.keys(examples).length > 0).toBe(route.request !== null)
  })

  it('has a parameter for each name in its path', () => {
    const inPath = parameters.map(describedParameter).filter((parameter) => parameter.in === 'path')
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual(route.path.match(/\{\w+\}/g) ?? [])
    expect(inPath.every(({ required }) => required)).toBe(true)
  })
})
