import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { ConversationEvent } from '../core/records/conversations-repository.ts'
import { matchRoute } from '../functions/match-route.ts'
import { routes } from '../functions/routes.ts'
import { answers, requests } from '../functions/schemas.ts'
import { setWarmHive } from '../functions/warm.ts'
import { type Gateway, startGateway } from '../scripts/local/gateway/start-gateway.ts'
import { type TestHive, testHive } from './hive.ts'
import { type HttpAnswer, type HttpCall, httpCaller } from './http-call.ts'

let hive: TestHive
let gateway: Gateway
let rawCall: HttpCall
const covered = new Set<string>()

beforeAll(async () => {
  hive = await testHive()
  setWarmHive(hive)
  gateway = await startGateway({ port: 0 })
  rawCall = httpCaller(gateway.url, hive.config.adminKeys[0] ?? '')
})
afterAll(async () => {
  await gateway?.stop()
  setWarmHive(undefined)
  await hive?.dispose()
})

/** Calls a route and holds request and answer against what the route table says of them. */
async function call<T>(method: string, path: string, body?: object): Promise<HttpAnswer & { body: T }> {
  const { route } = matchRoute(method, path.split('?')[0] ?? '')
  if (!route) throw new Error(`no route ${method} ${path}`)
  if (route.request) z.parse(requests[route.request], body)
  const answer = await rawCall(method, path, body)
  expect(route.statuses, JSON.stringify(answer.body)).toContain(answer.status)
  expect(answer.headers.get('content-type')).toBe('application/json')
  answers[route.answer].parse(answer.body)
  covered.add(route.key)
  return answer as HttpAnswer & { body: T }
}

const message = { from_agent: 'alice', to_agent: 'bob', message_type: 'task', body: { n: 1 } }
type Leases = { messages: { receipt: string; message: { message_id: string } }[] }

describe('answers have the shape that the route table names', () => {
  it('of agents', async () => {
    const put = await call<{ signing_secret?: string }>('PUT', '/v1/agents/bob', {
      endpoint: 'https://example.com/hook',
    })
    expect(put.status).toBe(201)
    expect(put.body.signing_secret).toMatch(/^whsec_/)
    const again = await call('PUT', '/v1/agents/bob', { endpoint: null })
    expect(again.status).toBe(200)
    expect(again.body).not.toHaveProperty('signing_secret')
    await call('PATCH', '/v1/agents/bob', { disabled: false })
    await call('POST', '/v1/agents/bob/heartbeat')
    expect((await call('GET', '/v1/agents/bob')).body).toMatchObject({ last_seen_at: expect.any(String) })
    const turned = await call<{ signing_secret?: string }>('POST', '/v1/agents/bob/signing-secret/rotate', {})
    expect(turned.body.signing_secret).toMatch(/^whsec_/)
    await call('GET', '/v1/agents?limit=1')
  })

  it('of messages on their way', async () => {
    await call('POST', '/v1/messages', { ...message, message_id: 'm1' })
    const batch = [message, { ...message, delivery_options: { delay_seconds: 60 } }]
    await call('POST', '/v1/messages/batch', { messages: batch })
    await call('GET', '/v1/messages/m1?from_agent=alice')
    const { body } = await call<Leases>('POST', '/v1/agents/bob/inbox/receive', { max: 1 })
    await call('GET', '/v1/messages/m1?from_agent=alice')
    await call('GET', '/v1/agents/bob/inbox')
    const [first] = body.messages
    const settled = await call('POST', '/v1/agents/bob/inbox/settle', { acks: [first?.receipt ?? '', '999.1'] })
    expect(settled.body).toMatchObject({
      results: [{ outcome: 'delivered', duplicate: false }, { error: { code: 'receipt.stale' } }],
    })
    await call('GET', '/v1/messages/m1?from_agent=alice')
  })

  it('of dead letters', async () => {
    const dying = { ...message, to_agent: 'carol', delivery_options: { max_attempts: 1 } }
    await call('PUT', '/v1/agents/carol', {})
    await call('POST', '/v1/messages/batch', { messages: [dying, dying, dying] })
    const { body } = await call<Leases>('POST', '/v1/agents/carol/inbox/receive', {})
    const nacks = body.messages.map(({ receipt }) => ({ receipt, reason: 'no' }))
    await call('POST', '/v1/agents/carol/inbox/settle', { nacks })
    type Letters = { items: { dead_letter_id: string }[]; next_cursor: string }
    const first = await call<Letters>('GET', '/v1/agents/carol/dead-letters?limit=2')
    const rest = await call<Letters>('GET', `/v1/agents/carol/dead-letters?limit=2&cursor=${first.body.next_cursor}`)
    const ids = [...first.body.items, ...rest.body.items].map((item) => item.dead_letter_id)
    expect(new Set(ids).size).toBe(3)
    expect(rest.body.next_cursor).toBeNull()
    await call('GET', `/v1/agents/carol/dead-letters/${ids[0]}`)
    const redriven = await call('POST', '/v1/agents/carol/dead-letters/redrive', { ids: ids.slice(0, 1) })
    expect(redriven.body).toEqual({ redriven: 1 })
    const discarded = await call('POST', '/v1/agents/carol/dead-letters/discard', { all: true })
    expect(discarded.body).toEqual({ discarded: 2 })
  })

  it('of metrics', async () => {
    const point = { agent_name: 'bob', metric_type: 'load', value: 0.5, timestamp: '2026-01-01T00:00:00+02:00' }
    await call('POST', '/v1/metrics', point)
    await call('POST', '/v1/metrics', { points: [point, { ...point, value: 1e6, metadata: { unit: 's' } }] })
    const page = await call<{ items: object[]; next_cursor: string }>('GET', '/v1/metrics?limit=2&agent_name=bob')
    expect(page.body.items).toHaveLength(2)
    const rest = await call('GET', `/v1/metrics?limit=2&agent_name=bob&cursor=${page.body.next_cursor}`)
    expect(rest.body).toMatchObject({ items: [{ value: 0.5 }], next_cursor: null })
    const span = 'from=2025-12-31T00:00:00Z&to=2026-01-02T00:00:00Z'
    const rollup = await call('GET', `/v1/metrics/rollup?${span}&interval_seconds=3600`)
    expect(rollup.body).toMatchObject({ buckets: [{ agent_name: 'bob', count: 3, max: 1e6 }] })
  })

  it('writes metrics once under one Idempotency-Key', async () => {
    const point = { agent_name: 'bob', metric_type: 'once', value: 1 }
    const headers = { 'idempotency-key': 'write-1' }
    expect((await rawCall('POST', '/v1/metrics', point, { headers })).status).toBe(201)
    expect((await rawCall('POST', '/v1/metrics', point, { headers })).status).toBe(201)
    expect((await call<{ items: object[] }>('GET', '/v1/metrics?metric_type=once')).body.items).toHaveLength(1)
  })

  it('of keys', async () => {
    const made = await call<{ id: string }>('POST', '/v1/keys', { agent: 'bob', scopes: ['receive'] })
    await call('GET', '/v1/keys?agent=bob')
    const rotated = await call<{ id: string }>('POST', `/v1/keys/${made.body.id}/rotate`, { overlap_seconds: 60 })
    expect(rotated.body).toMatchObject({ replaces: made.body.id, replaced: { id: made.body.id } })
    expect((await call('POST', `/v1/keys/${made.body.id}/revoke`)).body).not.toHaveProperty('key')
  })

  it('of the projection', async () => {
    const rebuilt = await call<{ next_cursor: string }>('POST', '/v1/projection/rebuild', { limit: 1 })
    expect(rebuilt.body).toMatchObject({ agents: 1, keys: 0 })
    const rest = await call('POST', '/v1/projection/rebuild', { cursor: rebuilt.body.next_cursor })
    expect(rest.body).toEqual({ agents: 1, keys: 2, capabilities: 0, subscriptions: 0, next_cursor: null })
  })

  it('of capabilities', async () => {
    const declared = await call('PUT', '/v1/agents/bob/capabilities/translate', { proficiency_level: 8 })
    expect(declared).toMatchObject({ status: 201, body: { proficiency_level: 8, description: null } })
    const again = await call('PUT', '/v1/agents/bob/capabilities/translate', { description: 'well' })
    expect(again).toMatchObject({ status: 200, body: { proficiency_level: 5, description: 'well' } })
    await call('PUT', '/v1/agents/bob/capabilities/plan%20ahead', {})
    type Capabilities = { items: { capability: string; agent_name: string }[]; next_cursor: string }
    const first = await call<Capabilities>('GET', '/v1/agents/bob/capabilities?limit=1')
    const rest = await call<Capabilities>('GET', `/v1/agents/bob/capabilities?cursor=${first.body.next_cursor}`)
    expect([...first.body.items, ...rest.body.items].map((item) => item.capability)).toEqual([
      'plan ahead',
      'translate',
    ])
    const able = await call<Capabilities>('GET', '/v1/capabilities?capability=translate&min_proficiency=5')
    expect(able.body.items.map((item) => item.agent_name)).toEqual(['bob'])
    expect((await call('DELETE', '/v1/agents/bob/capabilities/translate')).body).toEqual({ withdrawn: 1 })
    expect((await call('DELETE', '/v1/agents/bob/capabilities/translate')).body).toEqual({ withdrawn: 0 })
    expect(await rawCall('PUT', '/v1/agents/nobody/capabilities/x', {})).toMatchObject({ status: 404 })
  })

  it('of topics', async () => {
    const made = await call('PUT', '/v1/topics/news/subscribers/bob', { message_types: ['task'] })
    expect(made).toMatchObject({ status: 201, body: { topic: 'news', agent_name: 'bob', message_types: ['task'] } })
    expect(await call('PUT', '/v1/topics/news/subscribers/bob', {})).toMatchObject({ status: 200 })
    type Subscriptions = { items: { topic: string; agent_name: string }[] }
    const ofTopic = await call<Subscriptions>('GET', '/v1/topics/news/subscribers?limit=1')
    expect(ofTopic.body.items).toMatchObject([{ agent_name: 'bob', message_types: null }])
    const ofAgent = await call<Subscriptions>('GET', '/v1/agents/bob/subscriptions')
    expect(ofAgent.body.items).toMatchObject([{ topic: 'news' }])
    expect((await call('GET', '/v1/topics')).body).toMatchObject({ items: [{ topic: 'news', subscribers: 1 }] })
    const message = { from_agent: 'alice', to_agent: 'topic:news', message_type: 'task', body: {}, message_id: 't1' }
    expect((await call('POST', '/v1/messages', message)).body).toMatchObject({ recipients: 1 })
    const status = await call('GET', '/v1/messages/t1?from_agent=alice&limit=1')
    expect(status.body).toMatchObject({ fan_out: { topic: 'news', status: 'pending' }, recipients: [] })
    expect((await call('DELETE', '/v1/topics/news/subscribers/bob')).body).toEqual({ unsubscribed: 1 })
    expect((await call('DELETE', '/v1/topics/news/subscribers/bob')).body).toEqual({ unsubscribed: 0 })
    expect(await rawCall('PUT', '/v1/topics/news/subscribers/nobody', {})).toMatchObject({ status: 404 })
    const twice = await rawCall('PUT', '/v1/topics/news/subscribers/bob', { message_types: ['a', 'a'] })
    expect(twice).toMatchObject({ status: 400, body: { errors: [{ field: 'message_types' }] } })
  })

  it('of conversations', async () => {
    const { conversations } = await hive.records()
    const common = { conversation_id: randomUUID(), message_type: 'task', priority: 2, status: 'pending' as const }
    const said = (message_id: string, content: string): ConversationEvent => ({
      ...common,
      ...{ from_agent: 'alice', to_agent: 'bob', message_id, content, timestamp: '2026-01-01T00:00:00Z' },
      ...{ status_at: 1_772_323_200_123_456, attempts: 0, reason: null, metadata: { ttl: 60 } },
    })
    await conversations.record([said('c1', '{"text":"hello there"}'), said('c2', '{"text":"goodbye"}')], [])
    type Messages = { items: { message_id: string; content: string | null }[]; next_cursor: string }
    const path = `/v1/conversations/${common.conversation_id}`
    const first = await call<Messages>('GET', `${path}?limit=1`)
    const rest = await call<Messages>('GET', `${path}?limit=1&cursor=${first.body.next_cursor}`)
    expect([...first.body.items, ...rest.body.items].map((item) => item.message_id)).toEqual(['c1', 'c2'])
    const range = 'from=2025-12-31T00:00:00Z&to=2026-01-02T00:00:00Z'
    const found = await call<Messages>('GET', `/v1/conversations?agent=alice&with=bob&search=hello&${range}&limit=1`)
    expect(found.body.items.map((item) => item.message_id)).toEqual(['c1'])
    await conversations.record([{ ...said('c3', JSON.stringify('x'.repeat(7_000_000))), from_agent: 'huge' }], [])
    const huge = await call<Messages>('GET', '/v1/conversations?agent=huge')
    expect(huge.body.items).toMatchObject([{ message_id: 'c3', content: null }])
  })

  it('of security events', async () => {
    expect((await rawCall('GET', '/v1/health', undefined, { key: 'wrong' })).status).toBe(401)
    const page = await call<{ items: object[] }>('GET', '/v1/security-events?event_type=auth.failed&limit=1')
    expect(page.body.items).toMatchObject([{ severity: 'medium', metadata: { route: 'GET /v1/health' } }])
  })

  it('of the audit log', async () => {
    const page = await call<{ items: object[]; next_cursor: string }>(
      'GET',
      '/v1/audit-logs?actor=config:1&target=carol&limit=2',
    )
    expect(page.body.items).toMatchObject([{ action: 'dead_letters.discard' }, { action: 'dead_letters.redrive' }])
    const rest = await call('GET', `/v1/audit-logs?target=carol&cursor=${page.body.next_cursor}`)
    expect(rest.body).toMatchObject({ next_cursor: null })
    const { items } = rest.body as { items: { action: string; actor: string }[] }
    expect(items.map(({ action }) => action)).toEqual(['inbox.settle', 'inbox.receive', 'agent.put'])
  })

  it('of migrations', async () => {
    const files = [{ path: 'notes.db', bytes: 3 }]
    type Made = { upload: string; files: { url: string }[] }
    const { upload, files: urls } = (await call<Made>('POST', '/v1/migrations/uploads', { files })).body
    const plan = { version: 1, zone: 'UTC', files: [{ path: 'notes.db', tables: [] }] }
    expect(await rawCall('POST', '/v1/migrations', { upload, plan })).toMatchObject({ status: 422 })
    expect((await fetch(urls[0]?.url ?? '', { method: 'PUT', body: 'abc' })).status).toBe(200)
    const { body } = await call<{ id: string }>('POST', '/v1/migrations', { upload, plan })
    const run = `/v1/migrations/${body.id}`
    expect((await call('GET', '/v1/migrations?limit=1')).body).toMatchObject({ items: [{ id: body.id }] })
    expect((await call('GET', run)).body).toMatchObject({ state: 'running', step: 'prepare', verification: null })
    expect((await call('GET', `${run}/tables`)).body).toEqual({ items: [], next_cursor: null })
    expect((await call('GET', `${run}/rejects`)).body).toEqual({ items: [], next_cursor: null })
    expect(await rawCall('POST', `${run}/verify`)).toMatchObject({ status: 409, body: { code: 'migration.state' } })
    // nobody works on it here; the answer to a run that has ended is held against its schema where whole runs are tested
    covered.add('POST /v1/migrations/{migration_id}/verify')
    expect((await call('POST', `${run}/rollback`)).body).toMatchObject({ id: body.id, step: 'roll back' })
  })

  it('of the hive itself', async () => {
    await call('GET', '/v1/health')
    await call('GET', '/openapi.json')
  })

  it('and every route was called above', () => {
    expect([...covered].sort()).toEqual(routes.map(({ key }) => key).sort())
  })
})
