import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent } from '../../core/access/agents.ts'
import { auditInboxDeeply } from '../../core/bus/audit.ts'
import { checkStructure } from '../../core/bus/model/check-structure.ts'
import type { Page } from '../../core/records/page.ts'
import type { Cloud } from '../../scripts/local/cloud.ts'
import { type HttpCall, httpCaller } from '../http-call.ts'
import { createRandom } from '../random.ts'
import { testCloud } from '../test-cloud.ts'
import { faultOf } from './check-answer.ts'
import { type FuzzRequest, makeRequest } from './make-request.ts'
import { createSender, sendBytes } from './send-requests.ts'

/** `HIVE_TEST_SEED` repeats a run, as far as what is sent goes. */
const isFull = process.env.HIVE_TEST_FULL === '1'
const seed = Number(process.env.HIVE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const requests = isFull ? 100_000 : 3_000
const callers = 16
/** What a heap may have grown by between the second third of a run and its end. */
const growthBytes = 24 * 1024 * 1024

let cloud: Cloud
let call: HttpCall
let agentKey: string
const logged: string[] = []
const tell = (message: string, extra?: object) => void logged.push(`${message} ${JSON.stringify(extra ?? {})}`)

beforeAll(async () => {
  cloud = await testCloud({ log: { info: () => {}, warn: () => {}, error: tell } })
  call = httpCaller(cloud.url, cloud.adminKey)
  for (const agent of ['planner', 'builder']) await call('PUT', `/v1/agents/${agent}`, {})
  const { body } = await call('POST', '/v1/keys', {
    agent: 'builder',
    scopes: ['publish', 'receive', 'records:read', 'metrics:write'],
  })
  agentKey = (body as { key: string }).key
}, 60_000)
afterAll(() => cloud?.stop())

const collect = (() => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
})()

const brief = ({ method, path, headers, body }: FuzzRequest) =>
  `${method} ${path.slice(0, 300)} ${JSON.stringify(headers).slice(0, 400)} ${String(body ?? '').slice(0, 1_000)}`

describe(`requests of every kind, seed ${seed}`, () => {
  it('are answered with 2xx or a problem that names what is wrong, and leave nothing behind', {
    timeout: 1_800_000,
  }, async () => {
    const random = createRandom(seed)
    const { config } = cloud.hive
    const secrets = [
      cloud.adminKey,
      agentKey,
      config.redisRestToken,
      config.signingRoot,
      config.databaseUrl,
      cloud.hive.bus.keys.root,
    ]
    const sender = createSender(cloud.url)
    const statuses: Record<string, number> = {}
    const faults: string[] = []
    const heaps: number[] = []
    let sent = 0
    const work = async () => {
      while (sent < requests && faults.length < 20) {
        sent++
        if (sent % Math.floor(requests / 3) === 0) {
          collect()
          heaps.push(process.memoryUsage().heapUsed)
        }
        const request = makeRequest(random, { admin: cloud.adminKey, agent: agentKey })
        const answer = await sender.send(request)
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
        const fault = faultOf(request, answer, secrets)
        if (fault !== undefined)
          faults.push(`${fault}: ${brief(request)} => ${answer.status} ${answer.text.slice(0, 600)}`)
      }
    }
    await Promise.all(Array.from({ length: callers }, work))
    sender.close()
    expect(faults).toEqual([])
    expect(logged).toEqual([])
    // neither are all refused nor all accepted
    expect(statuses['200']).toBeGreaterThan(requests / 50)
    expect(statuses['400']).toBeGreaterThan(requests / 10)
    expect((heaps.at(-1) ?? 0) - (heaps[1] ?? 0)).toBeLessThan(growthBytes)

    const agents = ((await call('GET', '/v1/agents?limit=1000')).body as Page<Agent>).items
    expect(agents.length).toBeGreaterThan(1)
    for (const { name } of agents) {
      expect([name, (await auditInboxDeeply(cloud.hive, name)).violations]).toEqual([name, []])
      expect(await checkStructure(cloud.hive, name)).toEqual([])
    }
    expect((await call('GET', '/v1/health')).status).toBe(200)
  })

  it('that are hardly HTTP are refused or cut off', async () => {
    const random = createRandom(seed)
    for (let times = 0; times < (isFull ? 2_000 : 100); times++) {
      const status = await sendBytes(random, cloud.url)
      expect([0, 400, 401, 404, 405, 408, 411, 413, 414, 431, 505]).toContain(status)
    }
    expect((await call('GET', '/v1/health')).status).toBe(200)
  }, 600_000)
})
