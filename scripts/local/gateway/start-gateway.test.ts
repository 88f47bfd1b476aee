import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../../../core/config.ts'
import { createHive, type Hive } from '../../../core/hive.ts'
import type { Records } from '../../../core/records/create-records.ts'
import { setWarmHive } from '../../../functions/warm.ts'
import { expectProblem, httpCaller } from '../../../test/http-call.ts'
import { type Gateway, startGateway } from './start-gateway.ts'

const adminKey = 'the-admin-key-of-a-gateway'
const config = parseConfig({
  redisRestUrl: 'http://127.0.0.1:1',
  redisRestToken: 'none',
  databaseUrl: 'postgresql://127.0.0.1:1/none',
  deliverQueueUrl: 'http://127.0.0.1:1/deliver',
  historyQueueUrl: 'http://127.0.0.1:1/history',
  adminKeys: adminKey,
  signingRoot: 'a root from which tests derive their keys',
})

let gateway: Gateway
let logged: string[]
beforeEach(async () => {
  logged = []
  gateway = await startGateway({ port: 0, timeoutMs: 1_000 })
})
afterEach(async () => {
  await gateway.stop()
  setWarmHive(undefined)
})

/** Makes the functions wait for `records`, the one part of a hive that these tests decide. */
function serveWith(records: Hive['records']): void {
  const log = { info: () => {}, warn: () => {}, error: (message: string) => void logged.push(message) }
  setWarmHive({ ...createHive(config, { log }), records })
}

/** Records in which every agent has this endpoint. */
const agentAt = (endpoint: string) =>
  ({ agents: { get: async () => ({ name: 'a', endpoint, sealed_secrets: [] }) } }) as unknown as Records

const get = (signal?: AbortSignal) =>
  fetch(`${gateway.url}/v1/agents/a`, { headers: { authorization: `Bearer ${adminKey}` }, signal: signal ?? null })

describe('the gateway', () => {
  it('answers 503 when a function takes longer than its time', async () => {
    serveWith(() => new Promise(() => {}))
    expectProblem(await httpCaller(gateway.url, adminKey)('GET', '/v1/agents/a'), 503, 'request.timeout')
  })

  it('answers 500 instead of more than Lambda lets out', async () => {
    serveWith(async () => agentAt('x'.repeat(6 * 1024 * 1024)))
    expectProblem(await httpCaller(gateway.url, adminKey)('GET', '/v1/agents/a'), 500, 'internal')
    expect(logged).toEqual(['request failed'])
  })

  it('lets out an answer just below that', async () => {
    serveWith(async () => agentAt('x'.repeat(5 * 1024 * 1024)))
    const answer = await get()
    expect([answer.status, (await answer.text()).length > 5 * 1024 * 1024]).toEqual([200, true])
  })

  it('goes on with a function whose client went away', async () => {
    const asked = Promise.withResolvers<void>()
    const records = Promise.withResolvers<Records>()
    serveWith(() => {
      asked.resolve()
      return records.promise
    })
    const leaving = new AbortController()
    const left = get(leaving.signal)
    await asked.promise
    leaving.abort()
    await expect(left).rejects.toThrow('aborted')
    records.resolve(agentAt('a'))
    expect((await get()).status).toBe(200)
    expect(logged).toEqual([])
  })

  it('runs requests beside each other', async () => {
    const all = Promise.withResolvers<Records>()
    let waiting = 0
    serveWith(() => {
      if (++waiting === 20) all.resolve(agentAt('a'))
      return all.promise
    })
    const answers = await Promise.all(Array.from({ length: 20 }, () => get()))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
  })

  it('stops after it has answered what it is asked already', async () => {
    const asked = Promise.withResolvers<void>()
    const records = Promise.withResolvers<Records>()
    serveWith(() => {
      asked.resolve()
      return records.promise
    })
    const answer = get()
    await asked.promise
    const stopped = gateway.stop()
    records.resolve(agentAt('a'))
    expect((await answer).status).toBe(200)
    await stopped
    await expect(get()).rejects.toThrow('fetch failed')
  })
})
