import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cloud, startCloud } from '../scripts/local/cloud.ts'
import { freePort } from '../scripts/local/free-port.ts'
import { expectProblem, type HttpCall, httpCaller } from './http-call.ts'

let dir: string
let cloud: Cloud
let call: HttpCall

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-hive-outages-'))
  cloud = await startCloud({
    stateDir: dir,
    persistent: true,
    port: await freePort(),
    sweepMs: 500,
    settings: { redisRetries: 0 },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  call = httpCaller(cloud.url, cloud.adminKey)
  expect(await call('PUT', '/v1/agents/bob', {})).toMatchObject({ status: 201 })
})
afterAll(async () => {
  await cloud?.stop()
  await rm(dir, { recursive: true, force: true })
})

const publish = (message_id: string) =>
  call('POST', '/v1/messages', { message_id, from_agent: 'alice', to_agent: 'bob', message_type: 'note', body: {} })
const write = () => call('POST', '/v1/metrics', { agent_name: 'bob', metric_type: 'load', value: 1 })

describe('while Redis is away', () => {
  it('the bus answers 503 and when to try again, the records go on, and all recovers by itself', async () => {
    expect((await publish('before')).status).toBe(202)
    await cloud.redis?.kill()
    expectProblem(await publish('lost'), 503, 'redis.unavailable')
    expectProblem(await call('POST', '/v1/agents/bob/inbox/receive', {}), 503, 'redis.unavailable')
    expectProblem(await call('GET', '/v1/health'), 503, 'redis.unavailable', ['redis'])
    expect((await write()).status).toBe(201)

    await cloud.redis?.restart()
    await expect.poll(async () => (await call('GET', '/v1/health')).status).toBe(200)
    expect((await publish('after')).status).toBe(202)
  })

  it('registering an agent fails half-way, and repeating it heals it', async () => {
    await cloud.redis?.kill()
    expectProblem(await call('PUT', '/v1/agents/carol', {}), 503, 'redis.unavailable')
    expect(await call('GET', '/v1/agents/carol')).toMatchObject({ status: 200 })

    await cloud.redis?.restart()
    await expect.poll(async () => (await call('GET', '/v1/health')).status).toBe(200)
    expectProblem(await call('GET', '/v1/agents/carol/inbox'), 404, 'agent.unknown', ['agent'])
    expect(await call('PUT', '/v1/agents/carol', {})).toMatchObject({ status: 200 })
    expect(await call('GET', '/v1/agents/carol/inbox')).toMatchObject({ status: 200 })
  })
})

describe('while Postgres is away', () => {
  it('records answer 503 and when to try again, the bus goes on, and all recovers by itself', async () => {
    await cloud.postgres?.kill()
    expectProblem(await write(), 503, 'postgres.unavailable')
    expectProblem(await call('GET', '/v1/agents/bob'), 503, 'postgres.unavailable')
    expectProblem(await call('GET', '/v1/health'), 503, 'postgres.unavailable', ['postgres'])
    expect((await publish('meanwhile')).status).toBe(202)

    await cloud.postgres?.restart()
    await expect.poll(async () => (await call('GET', '/v1/health')).status).toBe(200)
    expect((await write()).status).toBe(201)
    const { conversations } = await cloud.hive.records()
    const recorded = () => conversations.byMessage('alice', 'meanwhile')
    await expect.poll(recorded, { timeout: 15_000 }).toMatchObject([{ to_agent: 'bob', status: 'pending' }])
  })
})
