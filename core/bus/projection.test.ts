import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import { messageStatus } from './message-status.ts'
import { publish } from './publish.ts'
import { claimDelivery } from './receive.ts'
import { settleActions } from './settle.ts'

let hive: TestHive
let agent: string
let agents = 0
beforeAll(async () => {
  hive = await testHive()
})
afterAll(() => hive.dispose())
beforeEach(() => {
  agent = `agent ${++agents}`
})

const endpoint = 'https://agent.example/hook'
const send = () => publish(hive, [sampleMessage({ to_agent: agent })])
const claim = () => claimDelivery(hive, agent, { max: 1, delivery: { id: `d${++agents}`, leaseMs: 1_000 } })

describe('the projection of an agent', () => {
  it('opens its inbox', async () => {
    expect((await refusal(send())).code).toBe('agent.unknown')
    await register(hive, agent)
    await send()
    expect(await inboxOf(hive, agent).take()).toHaveLength(1)
  })

  it('never goes back to an older version', async () => {
    await register(hive, agent, { version: 7, disabled: true })
    const before = await dumpKeys(hive)
    await register(hive, agent, { version: 6 })
    expect(await dumpKeys(hive)).toEqual(before)
    await register(hive, agent, { version: 8 })
    await send()
  })

  it('may be written again as it is', async () => {
    const record = { endpoint, sealed_secrets: ['sealed "1"', 'sealed 2'], version: 3 }
    await register(hive, agent, record)
    await send()
    const before = await dumpKeys(hive)
    await register(hive, agent, record)
    expect(await dumpKeys(hive)).toEqual(before)
    expect((await claim()).target).toMatchObject({ endpoint, sealedSecrets: ['sealed "1"', 'sealed 2'] })
  })

  it('keeps what waits when it is disabled, and its status says why', async () => {
    await register(hive, agent)
    const [published] = await send()
    await register(hive, agent, { version: 2, disabled: true })
    const error = await refusal(send())
    expect(error.code).toBe('agent.disabled')
    expect(error.status).toBe(409)
    const status = await messageStatus(hive, 'ann', published?.message_id ?? '')
    expect(status.recipients[0]?.waiting?.because).toBe('its recipient is disabled')
    await register(hive, agent, { version: 3 })
    expect(await inboxOf(hive, agent).take()).toHaveLength(1)
  })

  it('has no endpoint for deliveries once that is disabled', async () => {
    await register(hive, agent, { endpoint, endpoint_disabled_at: '2026-03-01T00:00:00Z' })
    await send()
    expect((await claim()).blocked).toBe('pull')
  })

  it('starts a new endpoint with a clean breaker', async () => {
    await register(hive, agent, { endpoint })
    await send()
    const openUntilMs = Math.round(hive.bus.now()) + 60_000
    const delivery = { id: 'failing', leaseMs: 60_000 }
    const { messages } = await claimDelivery(hive, agent, { max: 1, delivery })
    const actions = messages.map(({ receipt }) => ({ action: 'r' as const, receipt, ms: 0, reason: '', field: '' }))
    await settleActions(hive, agent, actions, { id: 'failing', last: true, breaker: { failures: 5, openUntilMs } })
    expect((await claim()).blocked).toBe('breaker')
    await register(hive, agent, { endpoint, version: 2 })
    expect((await claim()).blocked).toBe('breaker')
    await register(hive, agent, { endpoint: 'https://agent.example/new', version: 3 })
    const fresh = await claim()
    expect(fresh.messages).toHaveLength(1)
    expect(fresh.target.breaker).toEqual({ failures: 0, openUntilMs: 0 })
  })
})
