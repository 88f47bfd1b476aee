import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf, textsOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import { auditInboxDeeply } from './audit.ts'
import { redrive } from './dead-letters.ts'
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

type Options = Parameters<typeof sampleMessage>[0] & { key?: string }
const keyed = (text: string, { key = 'k', delivery_options, ...overrides }: Options = {}) =>
  sampleMessage({
    to_agent: agent,
    body: { text },
    ...overrides,
    delivery_options: { ...delivery_options, ordering_key: key },
  })
const send = (text: string, options: Options = {}) => publish(hive, [keyed(text, options)])
const counts = async () => {
  await tend(hive, agent)
  return (await auditInboxDeeply(hive, agent)).counts
}

/** Takes and acknowledges until nothing comes any more. */
async function drain(): Promise<unknown[]> {
  const texts: unknown[] = []
  for (;;) {
    const taken = await inbox.take()
    if (taken.length === 0) return texts
    texts.push(...textsOf(taken))
    await inbox.ack(...taken)
  }
}

describe('an ordering key', () => {
  it('lets one message go at a time and the next with its settlement', async () => {
    await publish(hive, [keyed('a1', { key: 'a' }), keyed('a2', { key: 'a' }), keyed('b1', { key: 'b' })])
    await send('a3', { key: 'a' })
    const first = await inbox.take()
    expect(textsOf(first)).toEqual(['a1', 'b1'])
    expect(await inbox.take()).toEqual([])
    expect(await counts()).toMatchObject({ leased: 2, held: 2 })
    if (first[0]) await inbox.ack(first[0])
    expect(textsOf(await inbox.take())).toEqual(['a2'])
  })

  it('keeps publish order whatever the priorities', async () => {
    await send('1', { priority: 1 })
    await send('2', { priority: 4 })
    await send('3', { priority: 3 })
    expect(await drain()).toEqual(['1', '2', '3'])
  })

  it('gives its head the highest priority that waits behind it', async () => {
    await publish(hive, [sampleMessage({ to_agent: agent, body: { text: 'other' }, priority: 3 })])
    await send('head', { priority: 1 })
    expect(textsOf(await inbox.take({ max: 1 }))).toEqual(['other'])
    await publish(hive, [sampleMessage({ to_agent: agent, body: { text: 'other too' }, priority: 3 })])
    await send('urgent', { priority: 4 })
    expect(textsOf(await inbox.take({ max: 1 }))).toEqual(['head'])
    expect(textsOf(await inbox.take())).toEqual(['other too'])
  })

  it('gives a new head the highest priority among those that are left', async () => {
    await send('1', { priority: 1 })
    await send('2', { priority: 1 })
    await send('3', { priority: 4 })
    const first = await inbox.takeOne()
    await publish(hive, [sampleMessage({ to_agent: agent, body: { text: 'high' }, priority: 3 })])
    await inbox.ack(first)
    expect(textsOf(await inbox.take())).toEqual(['2', 'high'])
  })

  it('raises a head that is leased or delayed, for when it comes back', async () => {
    await send('head', { priority: 1 })
    const head = await inbox.takeOne()
    await publish(hive, [sampleMessage({ to_agent: agent, body: { text: 'high' }, priority: 3 })])
    await send('urgent', { priority: 4 })
    await inbox.nack(head, { delay_seconds: 0 })
    expect(textsOf(await inbox.take())).toEqual(['head', 'high'])
  })

  it('is held by a head that is delayed', async () => {
    await send('head', { delivery_options: { delay_seconds: 0.5 } })
    await send('next', { priority: 4 })
    expect(await counts()).toMatchObject({ ready: 0, delayed: 1, held: 1 })
    await expect.poll(counts, { interval: 50 }).toMatchObject({ ready: 1, delayed: 0, held: 1 })
    expect(textsOf(await inbox.take())).toEqual(['head'])
  })

  it('is held by a head that is tried again', async () => {
    await send('head')
    await send('next', { priority: 4 })
    await inbox.nack(await inbox.takeOne(), { delay_seconds: 0.02 })
    let taken = await inbox.take()
    while (taken.length === 0) taken = await inbox.take()
    expect(textsOf(taken)).toEqual(['head'])
  })

  it('goes on when its head becomes a dead letter', async () => {
    await send('head', { delivery_options: { max_attempts: 1 } })
    await send('next')
    await inbox.nack(await inbox.takeOne())
    expect(textsOf(await inbox.take())).toEqual(['next'])
  })

  it('goes on when its head expires, waiting or leased', async () => {
    await send('head', { ttl: 0.02 })
    await send('next')
    await expect.poll(counts).toMatchObject({ ready: 1, held: 0 })
    expect(textsOf(await inbox.take())).toEqual(['next'])

    await send('leased', { key: 'l', ttl: 0.3 })
    await send('after it', { key: 'l' })
    const taken = await inbox.take({ leaseMs: 20 })
    expect(textsOf(taken)).toEqual(['leased'])
    let next = await inbox.take({ leaseMs: 20 })
    while (!textsOf(next).includes('after it')) next = await inbox.take({ leaseMs: 20 })
    expect(textsOf(next)).toEqual(['after it'])
  })

  it('loses followers that expire in the middle or at its end', async () => {
    await send('1')
    await send('2', { ttl: 0.03 })
    await send('3')
    await send('4', { ttl: 0.03, priority: 4 })
    const first = await inbox.takeOne()
    await expect.poll(async () => (await counts()).held).toBe(1)
    await send('5')
    await inbox.ack(first)
    expect(await drain()).toEqual(['3', '5'])
    expect((await auditInboxDeeply(hive, agent)).violations).toEqual([])
  })

  it('loses all that expire at once', async () => {
    for (let i = 0; i < 6; i++) await send(String(i), i === 3 ? {} : { ttl: 0.2 })
    await expect.poll(counts, { interval: 50 }).toMatchObject({ ready: 1, held: 0 })
    expect(textsOf(await inbox.take())).toEqual(['3'])
    const { counters, violations } = await auditInboxDeeply(hive, agent)
    expect(violations).toEqual([])
    expect(counters.expired).toBe(5)
  })

  it('takes redriven messages at its tail', async () => {
    await send('1', { delivery_options: { max_attempts: 1 } })
    await send('2')
    await inbox.nack(await inbox.takeOne())
    const second = await inbox.takeOne()
    await send('3')
    expect(await redrive(hive, agent, { all: true })).toBe(1)
    await send('4')
    expect(await counts()).toMatchObject({ leased: 1, held: 3 })
    await inbox.ack(second)
    expect(await drain()).toEqual(['3', '1', '4'])
  })

  it('takes several redriven ones in their old order', async () => {
    for (const text of ['1', '2', '3']) await send(text, { delivery_options: { max_attempts: 1 } })
    for (let i = 0; i < 3; i++) await inbox.nack(await inbox.takeOne())
    await redrive(hive, agent, { all: true })
    const first = await inbox.takeOne()
    expect(first.message.body.text).toBe('1')
    expect(await counts()).toMatchObject({ leased: 1, held: 2 })
    await inbox.ack(first)
    expect(await drain()).toEqual(['2', '3'])
  })

  it('keeps followers that are delayed until their own time', async () => {
    await send('head')
    await send('later', { delivery_options: { delay_seconds: 60 } })
    await inbox.ack(await inbox.takeOne())
    expect(await counts()).toMatchObject({ ready: 0, delayed: 1, held: 0 })
  })

  it('belongs to one recipient', async () => {
    await register(hive, `${agent} twin`)
    await send('mine')
    await publish(hive, [keyed('theirs', { to_agent: `${agent} twin` })])
    expect(textsOf(await inbox.take())).toEqual(['mine'])
    expect(textsOf(await inboxOf(hive, `${agent} twin`).take())).toEqual(['theirs'])
  })
})
