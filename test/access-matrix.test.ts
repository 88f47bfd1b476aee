import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { registerAgent } from '../core/access/agents.ts'
import { mintApiKey } from '../core/access/api-key.ts'
import { createKey, revokeKey } from '../core/access/api-keys.ts'
import { declareCapability } from '../core/access/capabilities.ts'
import { type Scope, scopes } from '../core/access/scopes.ts'
import { subscribe } from '../core/access/subscriptions.ts'
import { projectKey } from '../core/bus/key-projection.ts'
import { type RouteKey, routes } from '../functions/routes.ts'
import { setWarmHive } from '../functions/warm.ts'
import { type Gateway, startGateway } from '../scripts/local/gateway/start-gateway.ts'
import { dumpKeys } from './dump-keys.ts'
import { type TestHive, testHive } from './hive.ts'
import { type HttpAnswer, type HttpCall, httpCaller } from './http-call.ts'

/** What a request about an agent's things looks like, and what should come of it. */
type Entry = {
  /** The scope that lets a key in besides admin; `any` key, or only `admin`. */
  scope: Scope | 'any'
  /** What an agent's key gets when the request is about another agent. */
  another: 'auth.forbidden' | 'message.unknown' | 'same'
  /** What who is let in gets: a status, or the code of an error that says that the request was looked at. */
  outcome: string
  path?: (agent: string) => string
  body?: (agent: string) => object
}

const conversation = '0b9f2c1e-6a51-4c0e-9a57-3f4a3f0f8d11'
const letters = '/dead-letters/'
const day = '2026-01-01T00:00:00Z'
const message = (from_agent: string) => ({ from_agent, to_agent: 'bob', message_type: 'task', body: {} })
const point = (agent_name: string) => ({ agent_name, metric_type: 'load', value: 1 })
const under = (rest: string) => (agent: string) => `/v1/agents/${agent}${rest}`
const [own, admin] = ['auth.forbidden', 'same'] as const

/** Who may use each route, written down a second time: not derived from the route table, so that neither drifts alone. */
const matrix: Record<RouteKey, Entry> = {
  'PUT /v1/agents/{agent}': { scope: 'admin', another: admin, outcome: '200', path: under(''), body: () => ({}) },
  'PATCH /v1/agents/{agent}': {
    scope: 'receive',
    another: own,
    outcome: '200',
    path: under(''),
    body: () => ({ endpoint: null }),
  },
  'GET /v1/agents/{agent}': { scope: 'any', another: own, outcome: '200', path: under('') },
  'GET /v1/agents': { scope: 'admin', another: admin, outcome: '200' },
  'POST /v1/agents/{agent}/heartbeat': { scope: 'any', another: own, outcome: '200', path: under('/heartbeat') },
  'POST /v1/agents/{agent}/signing-secret/rotate': {
    scope: 'receive',
    another: own,
    outcome: '200',
    path: under('/signing-secret/rotate'),
  },
  'PUT /v1/topics/{topic}/subscribers/{agent}': {
    scope: 'receive',
    another: own,
    outcome: '200',
    path: (agent) => `/v1/topics/news/subscribers/${agent}`,
  },
  'DELETE /v1/topics/{topic}/subscribers/{agent}': {
    scope: 'receive',
    another: own,
    outcome: '200',
    path: (agent) => `/v1/topics/never/subscribers/${agent}`,
  },
  'GET /v1/topics/{topic}/subscribers': {
    scope: 'admin',
    another: admin,
    outcome: '200',
    path: () => '/v1/topics/news/subscribers',
  },
  'GET /v1/topics': { scope: 'admin', another: admin, outcome: '200' },
  'GET /v1/agents/{agent}/subscriptions': {
    scope: 'receive',
    another: own,
    outcome: '200',
    path: under('/subscriptions'),
  },
  'POST /v1/messages': { scope: 'publish', another: own, outcome: '202', body: message },
  'POST /v1/messages/batch': {
    scope: 'publish',
    another: own,
    outcome: '202',
    body: (agent) => ({ messages: [message('alice'), message(agent)] }),
  },
  'GET /v1/messages/{message_id}': {
    scope: 'publish',
    another: 'message.unknown',
    outcome: '200',
    path: (agent) => `/v1/messages/first-of-${agent}?from_agent=${agent}`,
  },
  'GET /v1/agents/{agent}/inbox': { scope: 'receive', another: own, outcome: '200', path: under('/inbox') },
  'POST /v1/agents/{agent}/inbox/receive': {
    scope: 'receive',
    another: own,
    outcome: '200',
    path: under('/inbox/receive'),
    body: () => ({ correlation_id: 'of none' }),
  },
  'POST /v1/agents/{agent}/inbox/settle': {
    scope: 'receive',
    another: own,
    outcome: 'receipt.stale',
    path: under('/inbox/settle'),
    body: () => ({ acks: ['1.1'] }),
  },
  'GET /v1/agents/{agent}/dead-letters': {
    scope: 'receive',
    another: own,
    outcome: '200',
    path: under('/dead-letters'),
  },
  'GET /v1/agents/{agent}/dead-letters/{dead_letter_id}': {
    scope: 'receive',
    another: own,
    outcome: 'dead_letter.unknown',
    path: under(`${letters}1`),
  },
  'POST /v1/agents/{agent}/dead-letters/redrive': {
    scope: 'admin',
    another: admin,
    outcome: '200',
    path: under(`${letters}redrive`),
    body: () => ({ all: true }),
  },
  'POST /v1/agents/{agent}/dead-letters/discard': {
    scope: 'admin',
    another: admin,
    outcome: '200',
    path: under(`${letters}discard`),
    body: () => ({ all: true }),
  },
  'POST /v1/metrics': {
    scope: 'metrics:write',
    another: own,
    outcome: '201',
    body: (agent) => ({ points: [point('alice'), point(agent)] }),
  },
  'GET /v1/metrics': {
    scope: 'records:read',
    another: own,
    outcome: '200',
    path: (agent) => `/v1/metrics?agent_name=${agent}`,
  },
  'GET /v1/metrics/rollup': {
    scope: 'records:read',
    another: own,
    outcome: '200',
    path: (agent) => `/v1/metrics/rollup?agent_name=${agent}&from=${day}&to=${day}&interval_seconds=60`,
  },
  'POST /v1/keys': {
    scope: 'admin',
    another: admin,
    outcome: '201',
    body: (agent) => ({ agent, scopes: ['publish'] }),
  },
  'GET /v1/keys': { scope: 'admin', another: admin, outcome: '200', path: (agent) => `/v1/keys?agent=${agent}` },
  'POST /v1/keys/{key_id}/rotate': {
    scope: 'admin',
    another: admin,
    outcome: 'key.unknown',
    path: () => '/v1/keys/none/rotate',
  },
  'POST /v1/keys/{key_id}/revoke': {
    scope: 'admin',
    another: admin,
    outcome: 'key.unknown',
    path: () => '/v1/keys/none/revoke',
  },
  'POST /v1/projection/rebuild': { scope: 'admin', another: admin, outcome: '200' },
  'PUT /v1/agents/{agent}/capabilities/{capability}': {
    scope: 'receive',
    another: own,
    outcome: '200',
    path: under('/capabilities/read'),
  },
  'DELETE /v1/agents/{agent}/capabilities/{capability}': {
    scope: 'receive',
    another: own,
    outcome: '200',
    path: under('/capabilities/none'),
  },
  'GET /v1/agents/{agent}/capabilities': {
    scope: 'any',
    another: 'same',
    outcome: '200',
    path: under('/capabilities'),
  },
  'GET /v1/capabilities': { scope: 'any', another: 'same', outcome: '200' },
  'GET /v1/conversations': {
    scope: 'records:read',
    another: own,
    outcome: '200',
    path: (agent) => `/v1/conversations?agent=${agent}`,
  },
  'GET /v1/conversations/{conversation_id}': {
    scope: 'records:read',
    another: 'same',
    outcome: '200',
    path: () => `/v1/conversations/${conversation}`,
  },
  'POST /v1/migrations/uploads': {
    scope: 'admin',
    another: admin,
    outcome: '201',
    body: () => ({ files: [{ path: 'a.db', bytes: 1 }] }),
  },
  'POST /v1/migrations': {
    scope: 'admin',
    another: admin,
    outcome: 'request.unprocessable',
    body: () => ({ upload: conversation, plan: { version: 1, zone: 'UTC', files: [] } }),
  },
  'GET /v1/migrations': { scope: 'admin', another: admin, outcome: '200' },
  'GET /v1/migrations/{migration_id}': {
    scope: 'admin',
    another: admin,
    outcome: 'migration.unknown',
    path: () => `/v1/migrations/${conversation}`,
  },
  'GET /v1/migrations/{migration_id}/tables': {
    scope: 'admin',
    another: admin,
    outcome: 'migration.unknown',
    path: () => `/v1/migrations/${conversation}/tables`,
  },
  'GET /v1/migrations/{migration_id}/rejects': {
    scope: 'admin',
    another: admin,
    outcome: 'migration.unknown',
    path: () => `/v1/migrations/${conversation}/rejects`,
  },
  'POST /v1/migrations/{migration_id}/verify': {
    scope: 'admin',
    another: admin,
    outcome: 'migration.unknown',
    path: () => `/v1/migrations/${conversation}/verify`,
  },
  'POST /v1/migrations/{migration_id}/rollback': {
    scope: 'admin',
    another: admin,
    outcome: 'migration.unknown',
    path: () => `/v1/migrations/${conversation}/rollback`,
  },
  'GET /v1/security-events': { scope: 'admin', another: admin, outcome: '200' },
  'GET /v1/audit-logs': { scope: 'admin', another: admin, outcome: '200' },
  'GET /v1/health': { scope: 'any', another: admin, outcome: '200' },
  'GET /openapi.json': { scope: 'any', another: admin, outcome: '200' },
}

let hive: TestHive
let gateway: Gateway
let call: HttpCall
/** A key of alice with one scope; that with the scope admin is an operator's. */
const keys = {} as Record<Scope, string>
const badKeys: Record<string, string | null> = { 'no key': null }

beforeAll(async () => {
  hive = await testHive()
  setWarmHive(hive)
  gateway = await startGateway({ port: 0 })
  call = httpCaller(gateway.url, 'no key unless one is given')
  for (const name of ['alice', 'bob']) await registerAgent(hive, name, { endpoint: null, disabled: false })
  for (const scope of scopes) {
    const agent = scope === 'admin' ? null : 'alice'
    keys[scope] = (await createKey(hive, { agent, scopes: [scope], expires_at: null })).key
  }
  const declared = { capability: 'read', proficiency_level: 5, description: null }
  for (const agent_name of ['alice', 'bob']) {
    await declareCapability(hive, { ...declared, agent_name })
    await subscribe(hive, { topic: 'news', agent_name, message_types: null })
  }
  for (const name of ['alice', 'bob']) {
    await call('POST', '/v1/messages', { ...message(name), message_id: `first-of-${name}` }, { key: keys.admin })
  }
  const everything = { agent: 'alice', scopes: [...scopes], expires_at: null }
  const revoked = await createKey(hive, everything)
  await revokeKey(hive, revoked.id)
  const live = await createKey(hive, everything)
  const expired = mintApiKey(hive.config)
  const { apiKeys } = await hive.records()
  const [, , id = ''] = expired.text.split('_')
  const ended = { id, secret_hash: expired.secretHash, agent: 'alice', scopes: ['admin'] }
  await projectKey(hive, await apiKeys.create({ ...ended, expires_at: '2026-01-01T00:00:00Z' }))
  const other = live.key.endsWith('A') ? 'B' : 'A'
  Object.assign(badKeys, {
    revoked: revoked.key,
    expired: expired.text,
    malformed: 'hive_of_none',
    'an id with the secret of another': live.key.slice(0, -43) + revoked.key.slice(-43),
    'wrong in one letter': live.key.slice(0, -1) + other,
    'never issued': mintApiKey(hive.config).text,
    'of another stage': mintApiKey({ ...hive.config, stage: 'other' }).text,
    'an admin key and more': `${hive.config.adminKeys[0]}x`,
  })
})
afterAll(async () => {
  await gateway?.stop()
  setWarmHive(undefined)
  await hive?.dispose()
})

async function ask(
  route: RouteKey,
  agent: string,
  key: string | null,
): Promise<{ outcome: string; answer: HttpAnswer }> {
  const { path = () => route.split(' ')[1] ?? '', body } = matrix[route]
  const method = route.split(' ')[0] ?? ''
  const sent = body?.(agent) ?? (method === 'GET' ? undefined : {})
  const answer = await call(method, path(agent), sent, { key })
  const { code = String(answer.status) } = answer.body as { code?: string }
  return { outcome: code, answer }
}

/** All that is stored, but for how far limits were used. */
async function everythingWritten(): Promise<object> {
  const redis = Object.entries(await dumpKeys(hive)).filter(([key]) => !key.includes(':rate:'))
  const { agents, apiKeys, metrics } = await hive.records()
  const page = { limit: 1_000 }
  return [redis, await agents.list(page), await apiKeys.list(page), await metrics.query(page)]
}

describe('the matrix of routes, scopes and agents', () => {
  it('has an entry for every route', () => {
    expect(Object.keys(matrix).sort()).toEqual(routes.map(({ key }) => key).sort())
  })

  it.each(routes.map(({ key }) => key))('%s', async (route) => {
    const entry = matrix[route]
    const before = await everythingWritten()
    const letIn: [Scope, string][] = []
    for (const scope of scopes) {
      const fits = scope === 'admin' || entry.scope === 'any' || entry.scope === scope
      for (const agent of ['alice', 'bob']) {
        const mine = agent === 'alice' || scope === 'admin' || entry.another === 'same'
        if (fits && mine) {
          letIn.push([scope, agent])
          continue
        }
        const { outcome, answer } = await ask(route, agent, keys[scope])
        const expected = fits && entry.another !== 'same' ? entry.another : 'auth.forbidden'
        expect(outcome, `${scope} about ${agent}`).toBe(expected)
        expect(answer.status).toBe(expected === 'message.unknown' ? 404 : 403)
      }
    }
    const refusals = new Set<string>()
    for (const [name, key] of Object.entries(badKeys)) {
      const { outcome, answer } = await ask(route, 'alice', key)
      expect(outcome, name).toBe(key === null ? 'auth.missing' : 'auth.invalid')
      expect(answer.status).toBe(401)
      if (key !== null) refusals.add(JSON.stringify({ ...(answer.body as object), request_id: '' }))
    }
    // what is wrong with a key is nobody's business
    expect(refusals.size).toBe(1)
    expect(await everythingWritten()).toEqual(before)

    expect(letIn.map(([scope]) => scope)).toContain('admin')
    for (const [scope, agent] of letIn) {
      expect((await ask(route, agent, keys[scope])).outcome, `${scope} about ${agent}`).toBe(entry.outcome)
    }
  })

  it('tells which routes there are to whoever has a key, and to nobody else', async () => {
    for (const [name, key] of Object.entries(badKeys)) {
      expect((await call('GET', '/v1/nothing', undefined, { key })).status, name).toBe(401)
    }
    expect((await call('GET', '/v1/nothing', undefined, { key: keys.publish })).status).toBe(404)
    expect((await call('DELETE', '/v1/keys', undefined, { key: keys.publish })).status).toBe(405)
  })
})

describe('an agent', () => {
  const named = (answer: HttpAnswer) =>
    (answer.body as { errors: { field: string }[] }).errors.map(({ field }) => field)

  it('need not say that it sends as itself, in any version', async () => {
    const { from_agent: _, ...unsigned } = message('')
    for (const sent of [
      unsigned,
      { ...unsigned, from_agent: null },
      { type: 'task', payload: {}, target_agent: 'bob' },
    ]) {
      const answer = await call('POST', '/v1/messages', sent, { key: keys.publish })
      expect(answer).toMatchObject({ status: 202, body: { from_agent: 'alice' } })
    }
    const batch = await call('POST', '/v1/messages/batch', { messages: [unsigned] }, { key: keys.publish })
    expect(batch.body).toMatchObject({ results: [{ from_agent: 'alice' }] })
  })

  it('is told which messages and points name another', async () => {
    const messages = [
      message('alice'),
      message('bob'),
      { type: 't', payload: {}, source_agent: 'bob', target_agent: 'bob' },
    ]
    const published = await call('POST', '/v1/messages/batch', { messages }, { key: keys.publish })
    expect(named(published)).toEqual(['messages[1].from_agent', 'messages[2].source_agent'])
    const bare = await call('POST', '/v1/metrics', point('bob'), { key: keys['metrics:write'] })
    expect(named(bare)).toEqual(['agent_name'])
    const many = await call(
      'POST',
      '/v1/metrics',
      { points: [point('alice'), point('bob')] },
      { key: keys['metrics:write'] },
    )
    expect(named(many)).toEqual(['points[1].agent_name'])
  })

  it('sees its own where it names no agent', async () => {
    const status = await call('GET', '/v1/messages/first-of-alice', undefined, { key: keys.publish })
    expect(status).toMatchObject({ status: 200, body: { from_agent: 'alice' } })
    expect((await call('GET', '/v1/messages/first-of-bob', undefined, { key: keys.publish })).status).toBe(404)
    await call('POST', '/v1/metrics', point('bob'), { key: keys.admin })
    const { body } = await call('GET', '/v1/metrics', undefined, { key: keys['records:read'] })
    const { items } = body as { items: { agent_name: string }[] }
    expect(new Set(items.map(({ agent_name }) => agent_name))).toEqual(new Set(['alice']))
  })

  it('reads of a conversation what it sent and received', async () => {
    const { conversations } = await hive.records()
    const said = (from_agent: string, to_agent: string) => ({
      ...{
        conversation_id: conversation,
        message_type: 't',
        content: '{}',
        timestamp: day,
        message_id: crypto.randomUUID(),
      },
      ...{ priority: 2, status: 'pending' as const, status_at: 1, attempts: 0, reason: null, metadata: {} },
      ...{ from_agent, to_agent },
    })
    await conversations.record([said('alice', 'bob'), said('bob', 'carol'), said('carol', 'alice')], [])
    const read = async (path: string, key: string) => {
      const { body } = await call('GET', path, undefined, { key })
      const { items } = body as { items: { from_agent: string }[] }
      return items.map(({ from_agent }) => from_agent).sort()
    }
    const path = `/v1/conversations/${conversation}`
    expect(await read(path, keys['records:read'])).toEqual(['alice', 'carol'])
    expect(await read(path, keys.admin)).toEqual(['alice', 'bob', 'carol'])
    expect(await read('/v1/conversations', keys['records:read'])).toEqual(['alice', 'carol'])
    const withBob = '/v1/conversations?agent=alice&with=bob'
    expect(await read(withBob, keys['records:read'])).toEqual(['alice'])
  })

  it('has Idempotency-Keys of its own', async () => {
    const headers = { 'idempotency-key': 'write-1' }
    const once = (agent_name: string) => ({ agent_name, metric_type: 'once', value: 1 })
    const write = (agent: string, key: string) => call('POST', '/v1/metrics', once(agent), { key, headers })
    const bob = await createKey(hive, { agent: 'bob', scopes: ['metrics:write'], expires_at: null })
    for (const [agent, key] of [
      ['alice', keys['metrics:write']],
      ['alice', keys['metrics:write']],
      ['bob', bob.key],
    ] as const) {
      expect((await write(agent, key)).status).toBe(201)
    }
    const { body } = await call('GET', '/v1/metrics?metric_type=once', undefined, { key: keys.admin })
    const { items } = body as { items: { agent_name: string }[] }
    expect(items.map(({ agent_name }) => agent_name).sort()).toEqual(['alice', 'bob'])
  })

  it('is known by a name that a URL has to write otherwise', async () => {
    await registerAgent(hive, 'an agent+1', { endpoint: null, disabled: false })
    const { key } = await createKey(hive, { agent: 'an agent+1', scopes: ['receive'], expires_at: null })
    expect((await call('GET', '/v1/agents/an%20agent+1/inbox', undefined, { key })).status).toBe(200)
    expect((await call('GET', '/v1/agents/an%20agent%2B1/inbox', undefined, { key })).status).toBe(200)
    expect((await call('GET', '/v1/agents/an%20agent/inbox', undefined, { key })).status).toBe(403)
  })

  it('does not enable itself', async () => {
    const answer = await call('PATCH', '/v1/agents/alice', { disabled: false }, { key: keys.receive })
    expect(answer).toMatchObject({ status: 403, body: { code: 'auth.forbidden', errors: [{ field: 'disabled' }] } })
  })
})

describe('a key with the scope admin', () => {
  it('acts for every agent, and as its own where it names none', async () => {
    const { key } = await createKey(hive, { agent: 'bob', scopes: ['admin'], expires_at: null })
    expect((await call('POST', '/v1/messages', message('alice'), { key })).status).toBe(202)
    const { from_agent: _, ...unsigned } = message('')
    expect(await call('POST', '/v1/messages', unsigned, { key })).toMatchObject({ body: { from_agent: 'bob' } })
  })

  it('says who sends when it is of no agent', async () => {
    const { from_agent: _, ...unsigned } = message('')
    const answer = await call('POST', '/v1/messages', unsigned, { key: keys.admin })
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'from_agent' }] } })
    const status = await call('GET', '/v1/messages/first-of-bob', undefined, { key: keys.admin })
    expect(status).toMatchObject({ status: 400, body: { errors: [{ field: 'from_agent' }] } })
  })
})
