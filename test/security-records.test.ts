import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HiveError } from '../core/errors.ts'
import type { AuditRow } from '../core/records/audit-repository.ts'
import type { SecurityEventRow } from '../core/records/security-events-repository.ts'
import { setWarmHive } from '../functions/warm.ts'
import { type Gateway, startGateway } from '../scripts/local/gateway/start-gateway.ts'
import { type TestHive, testHive } from './hive.ts'
import { expectProblem, type HttpCall, httpCaller } from './http-call.ts'

let hive: TestHive
let gateway: Gateway
let call: HttpCall

beforeAll(async () => {
  hive = await testHive({ hopLimit: 1 })
  setWarmHive(hive)
  gateway = await startGateway({ port: 0 })
  call = httpCaller(gateway.url, hive.config.adminKeys[0] ?? '')
})
afterAll(async () => {
  await gateway?.stop()
  setWarmHive(undefined)
  await hive?.dispose()
})

async function audited(target: string): Promise<Omit<AuditRow, 'id' | 'event_id' | 'timestamp'>[]> {
  const { audit } = await hive.records()
  const { items } = await audit.query({ target, limit: 100 })
  return items.map(({ action, actor, target, details }) => ({ action, actor, target, details })).reverse()
}

async function events(event_type: string): Promise<SecurityEventRow[]> {
  const { securityEvents } = await hive.records()
  return (await securityEvents.query({ event_type, limit: 100 })).items.reverse()
}

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`

/** An agent with one dead letter. */
async function agentWithDeadLetter(name: string): Promise<void> {
  await call('PUT', `/v1/agents/${name}`, {})
  const message = {
    from_agent: 'alice',
    to_agent: name,
    message_type: 't',
    body: {},
    delivery_options: { max_attempts: 1 },
  }
  expect((await call('POST', '/v1/messages', message)).status).toBe(202)
  const { body } = await call('POST', `/v1/agents/${name}/inbox/receive`, {})
  const [first] = (body as { messages: { receipt: string }[] }).messages
  await call('POST', `/v1/agents/${name}/inbox/settle`, { nacks: [{ receipt: first?.receipt }] })
}

async function deadLetters(name: string): Promise<number> {
  const { body } = await call('GET', `/v1/agents/${name}/inbox`)
  return (body as { counts: { dead: number } }).counts.dead
}

describe('admin actions', () => {
  it('on agents are audited with what was asked for, without secrets', async () => {
    await call('PUT', '/v1/agents/ann', {
      endpoint: 'https://example.com/hook?token=t',
      signing_secret: secret,
    })
    await call('PATCH', '/v1/agents/ann', { disabled: true })
    await call('PUT', '/v1/agents/ann', { endpoint: null })
    const common = { actor: 'config:1', target: 'ann' }
    expect(await audited('ann')).toEqual([
      {
        ...{ ...common, action: 'agent.put' },
        details: { endpoint: 'https://example.com', disabled: false, signing_secret: 'given' },
      },
      { ...common, action: 'agent.change', details: { disabled: true } },
      { ...common, action: 'agent.put', details: { endpoint: null, disabled: false } },
    ])
  })

  it('that were refused leave no entry', async () => {
    expect((await call('PUT', '/v1/agents/ben', { endpoint: 'https://10.0.0.1/' })).status).toBe(422)
    expect((await call('PUT', '/v1/agents/ben', { signing_secret: 'short' })).status).toBe(400)
    expect((await call('PATCH', '/v1/agents/ben', { disabled: true })).status).toBe(404)
    expect(await audited('ben')).toEqual([])
  })

  it('on dead letters are audited', async () => {
    await agentWithDeadLetter('cyd')
    await call('POST', '/v1/agents/cyd/dead-letters/redrive', { ids: ['1', '2'] })
    await call('POST', '/v1/agents/cyd/dead-letters/discard', { all: true })
    const found = (await audited('cyd')).filter(({ action }) => action.startsWith('dead_letters.'))
    expect(found).toEqual([
      { action: 'dead_letters.redrive', actor: 'config:1', target: 'cyd', details: { ids: ['1', '2'] } },
      { action: 'dead_letters.discard', actor: 'config:1', target: 'cyd', details: { all: true } },
    ])
  })

  it('that cannot be audited are not done', async () => {
    await agentWithDeadLetter('dan')
    const away = async () => {
      throw new HiveError('postgres.unavailable', 'The records cannot be reached right now.', { retryAfter: 2 })
    }
    setWarmHive({ ...hive, records: away })
    for (const action of ['redrive', 'discard']) {
      const answer = await call('POST', `/v1/agents/dan/dead-letters/${action}`, { all: true })
      expectProblem(answer, 503, 'postgres.unavailable')
    }
    setWarmHive(hive)
    expect(await deadLetters('dan')).toBe(1)
    const found = (await audited('dan')).map(({ action }) => action)
    expect(found.filter((action) => action.startsWith('dead_letters.'))).toEqual([])
  })
})

describe('refusals', () => {
  it('of keys become events that hold no key', async () => {
    const before = (await events('auth.failed')).length
    await call('GET', '/v1/agents/ann', undefined, { key: 'guess-work' })
    await call('GET', '/v1/agents', undefined, { key: null })
    await call('GET', `/v1/agents/${'x'.repeat(5_000)}`, undefined, { key: null })
    const found = (await events('auth.failed')).slice(before)
    const route = { route: 'GET /v1/agents/{agent}', path: { agent: 'ann' }, source_ip: '127.0.0.1' }
    expect(found).toMatchObject([
      { severity: 'medium', metadata: { code: 'auth.invalid', ...route } },
      { severity: 'medium', metadata: { code: 'auth.missing', route: 'GET /v1/agents' } },
      { severity: 'medium', metadata: { path: { agent: 'x'.repeat(128) } } },
    ])
    expect(JSON.stringify(found)).not.toContain('guess-work')
  })

  it('of endpoints become events', async () => {
    const before = (await events('endpoint.blocked')).length
    await call('PUT', '/v1/agents/eve', { endpoint: 'https://169.254.169.254/latest/meta-data' })
    expect((await events('endpoint.blocked')).slice(before)).toMatchObject([
      { severity: 'high', metadata: { code: 'endpoint.refused', path: { agent: 'eve' } } },
    ])
  })

  it('of loops become events that name the agents', async () => {
    for (const name of ['fay', 'gus']) await call('PUT', `/v1/agents/${name}`, {})
    const answers = []
    const agents = ['fay', 'gus']
    let cause: string | undefined
    for (let hop = 0; hop < 4; hop++) {
      const [from_agent, to_agent] = hop % 2 ? agents.toReversed() : agents
      const message = { from_agent, to_agent, message_type: 't', body: {}, ...(cause ? { causation_id: cause } : {}) }
      const answer = await call('POST', '/v1/messages', message)
      if (answer.status !== 202) answers.push(answer)
      cause = (answer.body as { message_id: string }).message_id
      await call('POST', `/v1/agents/${to_agent}/inbox/receive`, {})
      if (answers.length > 0) break
    }
    expect(answers).toMatchObject([{ status: 409, body: { code: 'loop.detected' } }])
    const [event] = await events('loop.detected')
    expect(JSON.stringify(event?.metadata)).toMatch(/fay/)
    expect(JSON.stringify(event?.metadata)).toMatch(/gus/)
  })

  it('that anybody makes by mistake become none', async () => {
    const { securityEvents } = await hive.records()
    const count = async () => (await securityEvents.query({ limit: 1_000 })).items.length
    const before = await count()
    await call('GET', '/v1/agents/nobody')
    await call('POST', '/v1/messages', { nonsense: true })
    await call('GET', '/v1/nothing')
    expect(await count()).toBe(before)
  })
})
