import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { registerAgent } from '../core/access/agents.ts'
import { createKey } from '../core/access/api-keys.ts'
import { setWarmHive } from '../functions/warm.ts'
import { type Gateway, startGateway } from '../scripts/local/gateway/start-gateway.ts'
import { type TestHive, testHive } from './hive.ts'
import { expectProblem, type HttpCall, httpCaller } from './http-call.ts'

const adminKeys = ['the-first-admin-key-of-these-tests', 'the-second-admin-key-of-these-tests']
let hive: TestHive
let gateway: Gateway
let call: HttpCall
let agentNumber = 0
let later = 0
let agent: string

beforeAll(async () => {
  hive = await testHive({ adminKeys })
  const { clock } = hive
  hive.clock = { ...clock, now: () => clock.now() + later }
  setWarmHive(hive)
  gateway = await startGateway({ port: 0 })
  call = httpCaller(gateway.url, adminKeys[0] ?? '')
})
beforeEach(async () => {
  agent = `agent-${++agentNumber}`
  await registerAgent(hive, agent, { endpoint: null, disabled: false })
})
afterAll(async () => {
  await gateway?.stop()
  setWarmHive(undefined)
  await hive?.dispose()
})

const write = (body: unknown, options: { key?: string } = {}, idempotencyKey = `key-of-${agent}`) =>
  call('POST', '/v1/metrics', body, { ...options, headers: { 'idempotency-key': idempotencyKey } })

const point = (value: number) => ({ agent_name: agent, metric_type: 'latency', value })

async function values(): Promise<unknown[]> {
  const { items } = await (await hive.records()).metrics.query({ agent_name: agent, limit: 100 })
  return items.map(({ value }) => value).sort()
}

const apiKey = async (of: string | null) =>
  (await createKey(hive, { agent: of, scopes: [of === null ? 'admin' : 'metrics:write'], expires_at: null })).key

describe('a metric write with an Idempotency-Key', () => {
  it('that is used for other points is refused, and what was written stays', async () => {
    expect(await write(point(1))).toMatchObject({ status: 201, body: { written: 1 } })
    expectProblem(await write(point(2)), 409, 'metrics.conflict', ['Idempotency-Key'])
    expect(await values()).toEqual([1])
  })

  it('is the same write however it is spelled, and whenever it comes when it names no time', async () => {
    await write({ points: [point(1)] })
    later += 60_000
    const again = await write(`{ "points": [{ "value": 1.0, "metric_type": "latency", "agent_name": "${agent}" }] }`)
    expect(again).toMatchObject({ status: 201, body: { written: 1 } })
    expect(await values()).toEqual([1])
  })

  it('is one of its caller: operators and agents do not meet under one key', async () => {
    const callers = [...adminKeys, await apiKey(null), await apiKey(null), await apiKey(agent)]
    for (const [index, key] of callers.entries()) expect((await write(point(index), { key })).status).toBe(201)
    expect(await values()).toEqual([0, 1, 2, 3, 4])
  })

  it('is one of its agent, whichever of its keys it uses', async () => {
    for (const key of [await apiKey(agent), await apiKey(agent)]) {
      expect(await write(point(1), { key })).toMatchObject({ status: 201, body: { written: 1 } })
    }
    expect(await values()).toEqual([1])
  })
})
