import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAccessMemory } from '../core/access/access-memory.ts'
import { registerAgent } from '../core/access/agents.ts'
import { mintApiKey } from '../core/access/api-key.ts'
import { createKey } from '../core/access/api-keys.ts'
import { scopes } from '../core/access/scopes.ts'
import { setWarmHive } from '../functions/warm.ts'
import { type Gateway, startGateway } from '../scripts/local/gateway/start-gateway.ts'
import { type TestHive, testHive } from './hive.ts'
import { expectProblem, type HttpCall, httpCaller } from './http-call.ts'

let hive: TestHive
let gateway: Gateway
let call: HttpCall
let key: string

beforeAll(async () => {
  hive = await testHive({ rateRecordsRead: 2, rateWindowMs: 60_000 })
  gateway = await startGateway({ port: 0 })
  call = httpCaller(gateway.url, hive.config.adminKeys[0] ?? '')
  for (const name of ['alice', 'bob']) await registerAgent(hive, name, { endpoint: null, disabled: false })
  key = (await createKey(hive, { agent: 'alice', scopes: [...scopes.slice(0, 4)], expires_at: null })).key
})
beforeEach(() => {
  coldStart()
})
afterAll(async () => {
  await gateway?.stop()
  setWarmHive(undefined)
  await hive?.dispose()
})

/** The functions go on as new instances, which remember nothing. */
function coldStart(): void {
  setWarmHive({ ...hive, access: createAccessMemory() })
}

const message = () => ({ from_agent: 'alice', to_agent: 'bob', message_type: 'task', body: {} })

describe('access and limits together', () => {
  /** Commands that a request costs, as Upstash bills them. */
  async function billed(act: () => Promise<{ status: number }>): Promise<number> {
    hive.upstash.stats.reset()
    expect((await act()).status).toBeLessThan(300)
    return hive.upstash.stats.billed
  }

  it('cost at most 6 commands more a request, and none while the function is warm', async () => {
    const publish = (by?: string) => call('POST', '/v1/messages', message(), by === undefined ? {} : { key: by })
    const receive = (by?: string) =>
      call('POST', '/v1/agents/alice/inbox/receive', {}, by === undefined ? {} : { key: by })
    for (const request of [publish, receive]) {
      // scripts are sent in full once and by their hash from then on
      await request()
      await request(key)
      coldStart()
      const without = await billed(() => request())
      const cold = (await billed(() => request(key))) - without
      const warm = (await billed(() => request(key))) - without
      console.info(`access and limits: ${cold} commands cold, ${warm} warm`)
      expect(cold).toBeLessThanOrEqual(6)
      expect(warm).toBe(0)
    }
  })

  it('cost nothing for who has no key', async () => {
    hive.upstash.stats.reset()
    const { text } = mintApiKey({ ...hive.config, signingRoot: 'another root of 32 characters or more' })
    for (const bad of [null, 'junk', text])
      expect((await call('POST', '/v1/messages', message(), { key: bad })).status).toBe(401)
    expect(hive.upstash.stats.requests).toBe(0)
  })
})

describe('a limit', () => {
  it('is told with every answer, and refuses with 429 and when to come back', async () => {
    const read = () => call('GET', '/v1/metrics', undefined, { key })
    for (const left of [1, 0]) {
      const answer = await read()
      expect(answer.status).toBe(200)
      expect(answer.headers.get('ratelimit-policy')).toBe('"records:read";q=2;w=60')
      expect(answer.headers.get('ratelimit')).toMatch(new RegExp(`^"records:read";r=${left};t=(?:[1-5]?\\d|60)$`))
    }
    const refused = await read()
    expectProblem(refused, 429, 'rate.limited')
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(30)
    expect(refused.headers.get('ratelimit-policy')).toBe('"records:read";q=2;w=60')
    expect(refused.headers.get('ratelimit')).toMatch(/^"records:read";r=0;t=\d+$/)
    // other classes, and problems too
    const publish = await call('POST', '/v1/messages', {}, { key })
    expect(publish.status).toBe(400)
    expect(publish.headers.get('ratelimit-policy')).toBe('"publish";q=6000;w=60')
  })

  it('is not for the admin keys of the configuration', async () => {
    for (let n = 0; n < 4; n++) {
      const answer = await call('GET', '/v1/metrics')
      expect(answer.status).toBe(200)
      expect(answer.headers.get('ratelimit')).toBeNull()
    }
  })
})

describe('security events', () => {
  it('tell of what a key does not allow, wherever it is found out, and of what is over its limit', async () => {
    await call('GET', '/v1/agents', undefined, { key })
    await call('GET', '/v1/agents/bob', undefined, { key })
    await call('POST', '/v1/messages', { ...message(), from_agent: 'bob' }, { key })
    await call('POST', '/v1/messages', message(), { key })
    const metadata = { key: key.split('_')[2], agent: 'alice', source_ip: '127.0.0.1' }
    const routes = ['GET /v1/agents', 'GET /v1/agents/{agent}', 'POST /v1/messages']
    expect(await events('scope.violation')).toMatchObject(
      routes.map((route) => ({ severity: 'high', metadata: { ...metadata, route } })),
    )
    expect(await events('rate.limited')).toMatchObject([{ metadata: { ...metadata, route: 'GET /v1/metrics' } }])
  })

  it('tell who did what: keys are named by their ids', async () => {
    const operator = await createKey(hive, { agent: null, scopes: ['admin'], expires_at: null })
    const by = { key: operator.key }
    const made = await call('POST', '/v1/keys', { agent: 'alice', scopes: ['receive'] }, by)
    const { id, key: own } = made.body as { id: string; key: string }
    await call('POST', '/v1/agents/alice/signing-secret/rotate', {}, { key: own })
    // what was so already is no change
    await call('PATCH', '/v1/agents/alice', { endpoint: null }, { key: own })
    await call('POST', `/v1/keys/${id}/rotate`, {}, by)
    await call('POST', `/v1/keys/${id}/revoke`, undefined, by)
    await call('POST', '/v1/projection/rebuild', {}, by)
    const { audit } = await hive.records()
    const actions = async (actor: string) =>
      (await audit.query({ actor, limit: 10 })).items.map(({ action, target }) => [action, target]).reverse()
    expect(await actions(`key:${operator.id}`)).toEqual([
      ['key.create', id],
      ['key.rotate', id],
      ['key.revoke', id],
      ['projection.rebuild', null],
    ])
    expect(await actions(`key:${id}`)).toEqual([['agent.change', 'alice']])
  })

  async function events(event_type: string) {
    const { securityEvents } = await hive.records()
    return (await securityEvents.query({ event_type, limit: 100 })).items.reverse()
  }
})
