import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf, textsOf } from '../../test/inbox.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import { publish } from './publish.ts'

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

const send = (text: string, overrides: Parameters<typeof sampleMessage>[0] = {}) =>
  publish(hive, [sampleMessage({ to_agent: agent, body: { text }, ...overrides })])

describe('receive', () => {
  it('hands over CRITICAL before what was published earlier, and first in first out inside a priority', async () => {
    await send('low', { priority: 1 })
    await send('medium 1')
    await send('high 1', { priority: 3 })
    await send('medium 2')
    await send('critical', { priority: 4 })
    await send('high 2', { priority: 3 })
    expect(textsOf(await inbox.take({ max: 2 }))).toEqual(['critical', 'high 1'])
    expect(textsOf(await inbox.take())).toEqual(['high 2', 'medium 1', 'medium 2', 'low'])
  })

  it('keeps the order of a batch', async () => {
    const batch = Array.from({ length: 100 }, (_, i) => sampleMessage({ to_agent: agent, body: { text: i } }))
    await publish(hive, batch)
    const taken = [...(await inbox.take({ max: 30 })), ...(await inbox.take({ max: 100 }))]
    expect(textsOf(taken)).toEqual(batch.map((_, i) => i))
  })

  it('tells of each lease what its holder must know', async () => {
    const [published] = await send('a', { delivery_options: { max_attempts: 3, lease_seconds: 60 } })
    const { messages, counts } = await inbox.receive()
    expect(messages).toHaveLength(1)
    expect(messages[0]).toMatchObject({ attempt: 1, max_attempts: 3, accepted_at: published?.accepted_at })
    const left = Date.parse(messages[0]?.leased_until ?? '') - hive.bus.now()
    expect(left).toBeGreaterThan(50_000)
    expect(left).toBeLessThanOrEqual(60_000)
    expect(counts).toEqual({ ready: 0, held: 0, delayed: 0, leased: 1, dead: 0 })
  })

  it('tells an empty inbox from one whose messages are elsewhere', async () => {
    await send('leased')
    await send('delayed', { delivery_options: { delay_seconds: 60 } })
    await send('head', { delivery_options: { ordering_key: 'k' } })
    await send('held', { delivery_options: { ordering_key: 'k' } })
    await send('dead', { delivery_options: { max_attempts: 1 } })
    const dead = (await inbox.take()).find(({ message }) => message.body.text === 'dead')
    if (!dead) throw new Error('the last message')
    await inbox.nack(dead)
    const { messages, counts } = await inbox.receive()
    expect(messages).toEqual([])
    expect(counts).toEqual({ ready: 0, held: 1, delayed: 1, leased: 2, dead: 1 })
  })

  it('raises an error for an unknown or disabled agent instead of an empty answer', async () => {
    expect((await refusal(inboxOf(hive, 'nobody').take())).code).toBe('agent.unknown')
    await register(hive, agent, { disabled: true, version: 2 })
    expect((await refusal(inbox.take())).code).toBe('agent.disabled')
  })

  it('repeated with its request id, gives the same leases and extends none', async () => {
    for (const text of ['a', 'b', 'c']) await send(text)
    const first = await inbox.take({ max: 2, requestId: 'mine' })
    const before = await dumpKeys(hive)
    expect(await inbox.take({ max: 2, requestId: 'mine' })).toEqual(first)
    expect(await inbox.take({ max: 100, requestId: 'mine' })).toEqual(first)
    expect(await dumpKeys(hive)).toEqual(before)
  })

  it('repeated, leaves out the leases that are over', async () => {
    for (const text of ['a', 'b', 'c']) await send(text)
    const [a, b, c] = await inbox.take({ requestId: 'mine' })
    if (!a || !b || !c) throw new Error('three leases')
    await inbox.ack(a)
    await inbox.nack(b, { delay_seconds: 0 })
    expect(textsOf(await inbox.take({ requestId: 'mine' }))).toEqual(['c'])
    // another request takes the one that came back; to the first it is not its own any more
    expect(textsOf(await inbox.take())).toEqual(['b'])
    expect(textsOf(await inbox.take({ requestId: 'mine' }))).toEqual(['c'])
  })

  it('stops before 2.5 MiB, and still gives one message that is larger than what is left', async () => {
    const text = 'x'.repeat(250 * 1024)
    const batch = sampleMessages(12, { to_agent: agent, body: { text } })
    await publish(hive, batch)
    const first = await inbox.take()
    expect(first.length).toBe(10)
    expect(first.map(({ message }) => message)).toEqual(batch.slice(0, 10))
    const rest = await inbox.take()
    expect(rest.map(({ message }) => message)).toEqual(batch.slice(10))
    const { counts } = await inbox.receive()
    expect(counts).toMatchObject({ ready: 0, leased: 12 })
  })
})

describe('receive by correlation id', () => {
  it('goes by acceptance and priority however many there are, and whatever their priorities', async () => {
    const hive = await testHive({ offsetHighMs: 50, offsetMediumMs: 2_000, offsetLowMs: 2_500 })
    onTestFinished(() => hive.dispose())
    await register(hive, 'bob')
    const correlation_id = 'crowd'
    const send = (text: string, priority: 1 | 2 | 3 | 4, count: number) =>
      publish(hive, sampleMessages(count, { correlation_id, priority, body: { text } }))
    const take = async (max: number) => textsOf(await inboxOf(hive, 'bob').take({ max, correlationId: correlation_id }))
    await send('low, long ago', 1, 1)
    await hive.clock.sleep(2_600)
    for (let i = 0; i < 3; i++) await send('low', 1, 100)
    for (let i = 0; i < 3; i++) await send('medium', 2, 100)
    await send('critical', 4, 1)
    expect(await take(2)).toEqual(['low, long ago', 'critical'])
    expect(await take(2)).toEqual(['medium', 'medium'])
    for (let i = 0; i < 3; i++) await send('high', 3, 100)
    expect(await take(100)).toEqual(Array(100).fill('high'))
  })

  it('gives only messages of that conversation, in the order of acceptance', async () => {
    await send('other')
    await send('reply 1', { correlation_id: 'c 1' })
    await send('longer id', { correlation_id: 'c 12' })
    await send('reply 2', { correlation_id: 'c 1' })
    expect(textsOf(await inbox.take({ correlationId: 'c 1' }))).toEqual(['reply 1', 'reply 2'])
    expect(await inbox.take({ correlationId: 'c 1' })).toEqual([])
    expect(await inbox.take({ correlationId: 'c' })).toEqual([])
    expect(textsOf(await inbox.take())).toEqual(['other', 'longer id'])
  })

  it('finds messages that came back from a lease, from a delay and from behind their key', async () => {
    const correlation_id = 'round trip'
    const ids = { correlationId: correlation_id, max: 1 }
    await send('back', { correlation_id, delivery_options: { max_attempts: 2 } })
    const taken = await inbox.takeOne(ids)
    expect(await inbox.take(ids)).toEqual([])
    await inbox.nack(taken, { delay_seconds: 0 })
    const again = await inbox.takeOne(ids)
    expect(again.attempt).toBe(2)
    await inbox.nack(again)
    expect(await inbox.take(ids)).toEqual([])

    await send('delayed', { correlation_id, delivery_options: { delay_seconds: 0.02 } })
    await expect.poll(async () => textsOf(await inbox.take(ids))).toEqual(['delayed'])

    for (const text of ['head', 'held']) await send(text, { correlation_id, delivery_options: { ordering_key: 'k' } })
    const head = await inbox.takeOne(ids)
    expect(await inbox.take(ids)).toEqual([])
    await inbox.ack(head)
    expect(textsOf(await inbox.take(ids))).toEqual(['held'])
  })

  it('passes over a thousand messages of the conversation that others hold', async () => {
    for (let i = 0; i < 10; i++) {
      await publish(hive, sampleMessages(100, { to_agent: agent, correlation_id: 'busy' }))
    }
    for (let i = 0; i < 10; i++) expect(await inbox.take({ correlationId: 'busy' })).toHaveLength(100)
    hive.upstash.stats.reset()
    expect(await inbox.take({ correlationId: 'busy' })).toEqual([])
    expect(hive.upstash.stats.billed).toBeLessThan(15)
    await send('the next', { correlation_id: 'busy' })
    expect(textsOf(await inbox.take({ correlationId: 'busy' }))).toEqual(['the next'])
  })
})
