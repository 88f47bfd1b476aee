import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAccessMemory } from '../core/access/access-memory.ts'
import { registerAgent } from '../core/access/agents.ts'
import { mintApiKey } from '../core/access/api-key.ts'
import { createKey, revokeKey } from '../core/access/api-keys.ts'
import { setWarmHive } from '../functions/warm.ts'
import { type Gateway, startGateway } from '../scripts/local/gateway/start-gateway.ts'
import { type TestHive, testHive } from './hive.ts'

let hive: TestHive
let gateway: Gateway
beforeAll(async () => {
  hive = await testHive()
  gateway = await startGateway({ port: 0 })
  setWarmHive({ ...hive, access: createAccessMemory() })
  await registerAgent(hive, 'alice', { endpoint: null, disabled: false })
})
afterAll(async () => {
  await gateway?.stop()
  setWarmHive(undefined)
  await hive?.dispose()
})

const attempts = 10_000
const connections = 40

it('10,000 bad keys are all refused alike, cost next to nothing, leave few events, and let good keys work', async () => {
  const good = (await createKey(hive, { agent: 'alice', scopes: ['publish'], expires_at: null })).key
  const { id, key: revoked } = await createKey(hive, { agent: 'alice', scopes: ['publish'], expires_at: null })
  await revokeKey(hive, id)
  const unknown = mintApiKey(hive.config).text
  const changed = (text: string, at: number) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
  // what a guesser can send, and what only a holder of the root could
  const bad = [
    () => 'guess',
    () => changed(good, good.length - 1),
    () => changed(good, 'hive_'.length + hive.config.stage.length + 30),
    () => mintApiKey({ stage: 'other', signingRoot: hive.config.signingRoot }).text,
    () => mintApiKey({ stage: hive.config.stage, signingRoot: 'a root of somebody else' }).text,
    () => revoked,
    // was issued here, as far as its tag says: looked up, once each half minute
    () => unknown,
  ]
  const message = () => JSON.stringify({ to_agent: 'alice', message_type: 'task', body: {} })
  const post = async (key: string) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const response = await fetch(`${gateway.url}/v1/messages`, { method: 'POST', headers, body: message() })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  const billedFor = async (act: () => Promise<unknown>) => {
    hive.upstash.stats.reset()
    await act()
    return hive.upstash.stats.billed
  }
  await post(good)
  const each = await billedFor(() => post(good))
  hive.upstash.stats.reset()
  const refusals = new Set<string>()
  let sent = 0
  const storm = Promise.all(
    Array.from({ length: connections }, async () => {
      while (sent < attempts) {
        const make = bad[sent++ % bad.length] as () => string
        const { status, body } = await post(make())
        const { request_id: _, ...said } = body
        refusals.add(JSON.stringify({ status, ...said }))
      }
    }),
  )
  const accepted: number[] = []
  while (sent < attempts) accepted.push((await post(good)).status)
  await storm

  expect([...refusals]).toHaveLength(1)
  expect([...refusals][0]).toContain('"code":"auth.invalid"')
  expect(accepted.length).toBeGreaterThan(10)
  expect(accepted.filter((status) => status !== 202)).toEqual([])
  // of the bad ones the two that were issued here are looked up, and blocks of requests are asked for good ones
  expect(hive.upstash.stats.billed).toBeLessThan((each + 1) * accepted.length + 100)
  const { securityEvents } = await hive.records()
  const events = (await securityEvents.query({ event_type: 'auth.failed', limit: 1_000 })).items
  expect(events.length).toBeGreaterThan(0)
  // ten a minute of strangers and ten of each key that was issued here, in the minutes that it took
  expect(events.length).toBeLessThanOrEqual(90)
  expect(events.some(({ metadata }) => (metadata as { key?: string }).key === id)).toBe(true)
}, 120_000)
