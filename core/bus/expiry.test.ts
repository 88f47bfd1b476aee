import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf, textsOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import { auditInboxDeeply } from './audit.ts'
import { messageStatus } from './message-status.ts'
import { publish } from './publish.ts'
import { tend } from './tend.ts'

let hive: TestHive
let agent: string
let inbox: ReturnType<typeof inboxOf>
let agents = 0
beforeAll(async () => {
  hive = await testHive()
})
afterAll(() => hive.dispose())
beforeEach(async () => {
  agent = `agent ${++agents}`
  inbox = inboxOf(hive, agent)
  await register(hive, agent)
})

const send = async (text: string, overrides: Parameters<typeof sampleMessage>[0] = {}) => {
  const [published] = await publish(hive, [sampleMessage({ to_agent: agent, body: { text }, ...overrides })])
  if (!published) throw new Error('one result')
  return published
}
const statusOf = async (id: string) => {
  const [status] = (await messageStatus(hive, 'ann', id)).recipients
  if (!status) throw new Error('one recipient')
  return status
}
/** Waits until the life of a message is over by Redis's clock. */
const lifeIsOver = (acceptedAt: string, ttl: number) =>
  expect
    .poll(async () => {
      const [seconds, micros] = await hive.bus.ask((redis) => redis.time())
      return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) >= Date.parse(acceptedAt) + ttl * 1000
    })
    .toBe(true)

describe('a message whose life is over', () => {
  it('is not handed over, and says that it is expired before and after it was settled', async () => {
    const ttl = 0.05
    const { message_id, accepted_at } = await send('short', { ttl })
    await send('long')
    await lifeIsOver(accepted_at, ttl)
    expect(await statusOf(message_id)).toMatchObject({ status: 'expired', state: 'ready' })
    expect(textsOf(await inbox.take())).toEqual(['long'])
    expect(await statusOf(message_id)).toMatchObject({ status: 'expired', state: 'settled', attempts: 0 })
  })

  it('is found by the sweep without any receiver', async () => {
    const { message_id } = await send('short', { ttl: 0.02 })
    await expect
      .poll(async () => {
        await tend(hive, agent)
        return (await statusOf(message_id)).state
      })
      .toBe('settled')
    expect(await statusOf(message_id)).toMatchObject({ status: 'expired' })
    const audit = await auditInboxDeeply(hive, agent)
    expect(audit.violations).toEqual([])
    expect(audit.counters).toMatchObject({ accepted: 1, expired: 1 })
  })

  it('counts its delay into its life', async () => {
    const ttl = 0.08
    const { message_id, accepted_at } = await send('delayed', { ttl, delivery_options: { delay_seconds: 0.04 } })
    await lifeIsOver(accepted_at, ttl)
    expect(await inbox.take()).toEqual([])
    expect(await statusOf(message_id)).toMatchObject({ status: 'expired', state: 'settled' })
  })

  it('is handed over once its delay ends and not before', async () => {
    const { accepted_at } = await send('delayed', { delivery_options: { delay_seconds: 0.15 } })
    let taken = await inbox.take()
    while (taken.length === 0) taken = await inbox.take()
    const handedOver = Date.parse(taken[0]?.leased_until ?? '') - 30_000
    expect(handedOver).toBeGreaterThanOrEqual(Date.parse(accepted_at) + 150)
  })

  it('expires instead of coming back from a lease or a retry', async () => {
    const ttl = 0.8
    const lost = await send('lost lease', { ttl })
    await inbox.takeOne({ leaseMs: 10 * 60_000 })
    const retried = await send('retried', { ttl })
    await inbox.nack(await inbox.takeOne(), { delay_seconds: 60 })
    const cut = await send('cut short', { ttl })
    await inbox.takeOne({ leaseMs: 10 })
    await lifeIsOver(cut.accepted_at, ttl)
    await inbox.take()
    for (const { message_id } of [retried, cut]) {
      expect(await statusOf(message_id)).toMatchObject({ status: 'expired', state: 'settled', attempts: 1 })
    }
    expect(await statusOf(lost.message_id)).toMatchObject({ status: 'pending', state: 'leased' })
  })

  it('may still be acknowledged by the holder of a valid lease', async () => {
    const ttl = 0.5
    const { message_id, accepted_at } = await send('slow work', { ttl })
    const taken = await inbox.takeOne()
    await lifeIsOver(accepted_at, ttl)
    await tend(hive, agent)
    expect((await inbox.ack(taken)).results).toMatchObject([{ outcome: 'delivered' }])
    expect(await statusOf(message_id)).toMatchObject({ status: 'delivered' })
  })

  it('never hides those behind it, however many there are', async () => {
    const ttl = 0.05
    let last = ''
    for (let i = 0; i < 5; i++) {
      const results = await publish(hive, sampleMessages(100, { to_agent: agent, ttl, priority: 4 }))
      last = results.at(-1)?.accepted_at ?? ''
    }
    await send('alive', { priority: 1 })
    await lifeIsOver(last, ttl)
    expect(textsOf(await inbox.take({ max: 1 }))).toEqual(['alive'])
    await expect
      .poll(async () => {
        await tend(hive, agent)
        return (await auditInboxDeeply(hive, agent)).counters.expired
      })
      .toBe(500)
    expect((await auditInboxDeeply(hive, agent)).violations).toEqual([])
  })
})
