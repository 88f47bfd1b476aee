import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf, textsOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import { sweep } from '../delivery/sweep.ts'
import { discard } from './dead-letters.ts'
import { shardOf } from './keys.ts'
import { publish } from './publish.ts'
import { claimDelivery } from './receive.ts'
import { type Action, settleActions } from './settle.ts'
import { tend } from './tend.ts'

const endpoint = 'https://agent.example/hook'
let hive: TestHive
let agent: string
let agents = 0
beforeAll(async () => {
  hive = await testHive()
})
afterAll(() => hive.dispose())
beforeEach(async () => {
  agent = `agent ${++agents}`
  await register(hive, agent, { endpoint })
  hive.wakes.length = 0
})

const send = (text: string, overrides: Parameters<typeof sampleMessage>[0] = {}, to = hive) =>
  publish(to, [sampleMessage({ to_agent: agent, body: { text }, ...overrides })])
/** Delays of the wakes for the agent since last asked. */
function wakesOf(of = hive): number[] {
  const found = of.wakes.flatMap((wake) => ('agent' in wake && wake.agent === agent ? [wake.delayMs] : []))
  of.wakes.length = 0
  return found
}
let deliveries = 0
const delivery = () => ({ id: `delivery ${++deliveries}`, leaseMs: 60_000 })
const healthy = { failures: 0, openUntilMs: 0 }
const action = (kind: Action['action'], receipt: string, ms = 0): Action => ({
  action: kind,
  receipt,
  ms,
  reason: '',
  field: '',
})

describe('a wake', () => {
  it('is asked for once, however many messages come', async () => {
    for (const text of ['a', 'b', 'c']) await send(text)
    expect(wakesOf()).toEqual([0])
    await publish(hive, [sampleMessage({ to_agent: agent }), sampleMessage({ to_agent: agent })])
    expect(wakesOf()).toEqual([])
  })

  it('is not asked for by messages to an agent that pulls, or that is disabled meanwhile', async () => {
    await register(hive, agent, { version: 2 })
    await send('pulled')
    expect(wakesOf()).toEqual([])
    await register(hive, agent, { endpoint, disabled: true, version: 3 })
    await tend(hive, agent)
    expect(wakesOf()).toEqual([])
    // as soon as it may be delivered again, it is
    await register(hive, agent, { endpoint, version: 4 })
    expect(wakesOf()).toEqual([0])
  })

  it('is asked for when a delay ends, and again when something else is due at least a second earlier', async () => {
    await send('late', { delivery_options: { delay_seconds: 300 } })
    expect(wakesOf()).toEqual([300_000])
    await send('later', { delivery_options: { delay_seconds: 400 } })
    await send('hardly earlier', { delivery_options: { delay_seconds: 299.5 } })
    expect(wakesOf()).toEqual([])
    await send('earlier', { delivery_options: { delay_seconds: 100 } })
    expect(wakesOf()).toEqual([100_000])
    await send('now')
    expect(wakesOf()).toEqual([0])
  })

  it('is left to the sweep when SQS cannot delay it long enough', async () => {
    await send('in half an hour', { delivery_options: { delay_seconds: 1800 } })
    expect(wakesOf()).toEqual([])
  })

  it('is asked for anew after a delivery has begun', async () => {
    await send('a')
    const one = delivery()
    const claim = await claimDelivery(hive, agent, { max: 10, delivery: one })
    expect(textsOf(claim.messages)).toEqual(['a'])
    wakesOf()
    // the delivery looks again before it ends
    await send('b')
    expect(wakesOf()).toEqual([])
    const acks = claim.messages.map(({ receipt }) => action('a', receipt))
    await settleActions(hive, agent, acks, { id: one.id, last: true, breaker: healthy })
    expect(wakesOf()).toEqual([0])
    await send('c')
    expect(wakesOf()).toEqual([])
  })

  it('follows a delivery that ends with retries to come, also those of its earlier rounds', async () => {
    await send('retried')
    await send('delivered')
    const one = delivery()
    const [retried] = (await claimDelivery(hive, agent, { max: 1, delivery: one })).messages
    const retry = action('n', retried?.receipt ?? '', 20_000)
    await settleActions(hive, agent, [retry], { id: one.id, last: false, breaker: healthy })
    const [delivered] = (await claimDelivery(hive, agent, { max: 1, delivery: one })).messages
    wakesOf()
    const ack = action('a', delivered?.receipt ?? '')
    await settleActions(hive, agent, [ack], { id: one.id, last: true, breaker: healthy })
    const [delay = 0, ...more] = wakesOf()
    expect(more).toEqual([])
    expect(delay).toBeGreaterThan(10_000)
    expect(delay).toBeLessThanOrEqual(20_000)
  })

  it('follows a delivery that found nothing but what is delayed', async () => {
    await send('delayed', { delivery_options: { delay_seconds: 30 } })
    wakesOf()
    expect((await claimDelivery(hive, agent, { max: 10, delivery: delivery() })).messages).toEqual([])
    const [delay = 0] = wakesOf()
    expect(delay).toBeGreaterThan(20_000)
    expect(delay).toBeLessThanOrEqual(30_000)
  })

  it('waits for the breaker', async () => {
    await send('a')
    await send('b')
    const one = delivery()
    const [a] = (await claimDelivery(hive, agent, { max: 1, delivery: one })).messages
    wakesOf()
    const openUntilMs = Math.round(hive.bus.now()) + 30_000
    const retry = action('n', a?.receipt ?? '', 0)
    await settleActions(hive, agent, [retry], { id: one.id, last: true, breaker: { failures: 5, openUntilMs } })
    const [delay = 0] = wakesOf()
    expect(delay).toBeGreaterThan(20_000)
    expect(delay).toBeLessThan(31_000)
    const claim = await claimDelivery(hive, agent, { max: 10, delivery: delivery() })
    expect(claim.blocked).toBe('breaker')
    expect(wakesOf()[0]).toBeGreaterThan(15_000)
  })
})

describe('a delivery', () => {
  it('runs alone', async () => {
    await send('a')
    await send('b')
    await claimDelivery(hive, agent, { max: 1, delivery: delivery() })
    const other = await claimDelivery(hive, agent, { max: 1, delivery: delivery() })
    expect(other.blocked).toBe('busy')
    expect(other.messages).toEqual([])
  })

  it('that died is followed by another one after its lease', async () => {
    await send('a')
    await send('b')
    await claimDelivery(hive, agent, { max: 1, delivery: { id: 'dies', leaseMs: 30 } })
    wakesOf()
    await expect
      .poll(async () => {
        await sweep(hive)
        return wakesOf()
      })
      .toEqual([0])
    expect(textsOf((await claimDelivery(hive, agent, { max: 1, delivery: delivery() })).messages)).toEqual(['b'])
  })

  it('has nothing to do for an agent without an endpoint', async () => {
    await register(hive, agent, { version: 2 })
    await send('a')
    expect((await claimDelivery(hive, agent, { max: 1, delivery: delivery() })).blocked).toBe('pull')
  })

  it('tries one message when the breaker has been open', async () => {
    for (const text of ['a', 'b', 'c']) await send(text)
    const one = delivery()
    const [a] = (await claimDelivery(hive, agent, { max: 1, delivery: one })).messages
    const breaker = { failures: 5, openUntilMs: Math.round(hive.bus.now()) + 20 }
    const retry = action('n', a?.receipt ?? '', 60_000)
    await settleActions(hive, agent, [retry], { id: one.id, last: true, breaker })
    const two = delivery()
    const claim = async () => textsOf((await claimDelivery(hive, agent, { max: 10, delivery: two })).messages)
    await expect.poll(claim).toEqual(['b'])
  })
})

describe('a wake that is lost', () => {
  it('because SQS took nothing is found by the sweep, and publish does not fail', async () => {
    hive.queueDown = true
    onTestFinished(() => {
      hive.queueDown = false
    })
    const [published] = await send('a')
    expect(published?.status).toBe('pending')
    expect(wakesOf()).toEqual([])
    hive.queueDown = false
    expect((await sweep(hive)).inboxes).toBeGreaterThanOrEqual(1)
    expect(wakesOf()).toEqual([0])
    await sweep(hive)
    expect(wakesOf()).toEqual([])
  })

  it('because it never arrived is found by the sweep after its grace', async () => {
    const impatient = await testHive({ wakeGraceMs: 50 })
    onTestFinished(() => impatient.dispose())
    await register(impatient, agent, { endpoint })
    await send('a', {}, impatient)
    expect(wakesOf(impatient)).toEqual([0])
    await expect
      .poll(async () => {
        await sweep(impatient)
        return wakesOf(impatient)
      })
      .toEqual([0])
  })

  it('is asked for again and again until a delivery claims', async () => {
    const impatient = await testHive({ wakeGraceMs: 50 })
    onTestFinished(() => impatient.dispose())
    await register(impatient, agent, { endpoint })
    await send('a', { delivery_options: { delay_seconds: 0.05 } }, impatient)
    const asked: number[] = []
    await expect
      .poll(async () => {
        await sweep(impatient)
        asked.push(...wakesOf(impatient))
        return asked.length
      })
      .toBeGreaterThan(3)
    const { messages } = await claimDelivery(impatient, agent, { max: 1, delivery: delivery() })
    expect(textsOf(messages)).toEqual(['a'])
  })

  it('does not make the sweep wake what a delivery has taken', async () => {
    await send('a')
    const one = delivery()
    const { messages } = await claimDelivery(hive, agent, { max: 10, delivery: one })
    const acks = messages.map(({ receipt }) => action('a', receipt))
    await settleActions(hive, agent, acks, { id: one.id, last: true, breaker: healthy })
    wakesOf()
    await sweep(hive)
    expect(wakesOf()).toEqual([])
  })
})

describe('a wake for history', () => {
  it('is asked for by the first entry of a shard, and by the sweep for what is left', async () => {
    const other = await testHive({ historyDelayMs: 700 })
    onTestFinished(() => other.dispose())
    await register(other, agent)
    await send('a', {}, other)
    await send('b', {}, other)
    expect(other.wakes).toEqual([{ shard: shardOf(agent), delayMs: 700 }])
    other.wakes.length = 0
    const inbox = inboxOf(other, agent)
    await inbox.ack(...(await inbox.take()))
    await discard(other, agent, { all: true })
    expect(other.wakes).toEqual([])
    expect((await sweep(other)).shards).toBe(1)
    expect(other.wakes).toEqual([{ shard: shardOf(agent), delayMs: 0 }])
  })

  it('names the shard of each recipient of a batch', async () => {
    const other = await testHive()
    onTestFinished(() => other.dispose())
    const recipients = Array.from({ length: 12 }, (_, i) => `recipient ${i}`)
    for (const to of recipients) await register(other, to)
    await publish(
      other,
      recipients.map((to_agent) => sampleMessage({ to_agent })),
    )
    const woken = other.wakes.flatMap((wake) => ('shard' in wake ? [wake.shard] : []))
    expect(woken.sort((a, b) => a - b)).toEqual([...new Set(recipients.map(shardOf))].sort((a, b) => a - b))
  })
})
