import { Redis } from 'ioredis'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { borrow } from '../../test/borrow.ts'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import { createHive } from '../hive.ts'
import { auditInboxDeeply } from './audit.ts'
import { discard, redrive } from './dead-letters.ts'
import { messageStatus } from './message-status.ts'
import { publish } from './publish.ts'
import { tend } from './tend.ts'

const recordMaxBytes = 20_000
let hive: TestHive
beforeEach(async () => {
  hive = await testHive({ recordMaxBytes, inboxMaxMessages: 1_000 })
  onTestFinished(() => hive.dispose())
  await register(hive, ['bob'])
})

/** The same hive in another process, which has learnt nothing yet. */
const elsewhere = () => createHive(hive.config, { queue: hive.queue, log: hive.log })

async function largestRecords(): Promise<Record<string, number>> {
  const redis = new Redis(await borrow('redis'))
  onTestFinished(() => redis.disconnect())
  const sizes: Record<string, number> = {}
  for (const key of Object.keys(await dumpKeys(hive))) {
    const kind = key.replace(hive.bus.keys.root, '').replace(/\d+/g, '0')
    const bytes = Number(await redis.memory('USAGE', key, 'SAMPLES', 0))
    sizes[kind] = Math.max(bytes, sizes[kind] ?? 0)
  }
  return sizes
}

/** Publishes, takes and acknowledges batches; gives all that was published. */
async function traffic(rounds: number, overrides: Parameters<typeof sampleMessage>[0] = {}) {
  const inbox = inboxOf(hive, 'bob')
  const sent = []
  for (let i = 0; i < rounds; i++) {
    const batch = sampleMessages(20, overrides)
    await publish(hive, batch)
    await inbox.ack(...(await inbox.take()))
    sent.push(...batch)
  }
  return sent
}

describe('records that grow with the traffic', () => {
  it.each([
    ['short-lived', {}],
    ['long-lived', { ttl: 200_000 }],
  ])('go on in further ones: ledger and outcomes of %s messages', async (_, overrides) => {
    const sent = await traffic(40, overrides)
    const sizes = await largestRecords()
    for (const [kind, bytes] of Object.entries(sizes)) {
      if (!kind.includes('outbox')) expect([kind, bytes < 2 * recordMaxBytes]).toEqual([kind, true])
    }
    const segments = Object.keys(await dumpKeys(hive)).filter((key) => /:(?:sent|settled):[sl]?\d+:\d+$/.test(key))
    expect(segments.length).toBeGreaterThan(10)
    for (const [, { expires }] of Object.entries(await dumpKeys(hive)).filter(([key]) => segments.includes(key))) {
      expect(expires).toBeGreaterThan(hive.bus.now())
    }

    for (const process of [hive, elsewhere()]) {
      const [first, middle, last] = [sent[0], sent[400], sent.at(-1)]
      if (!first || !middle || !last) throw new Error('eight hundred messages')
      for (const message of [first, middle, last]) {
        const status = await messageStatus(process, 'ann', message.message_id)
        expect(status.recipients[0]).toMatchObject({ status: 'delivered', state: 'settled' })
      }
      const again = await publish(process, [first, middle, last])
      expect(again.map(({ duplicate, status }) => [duplicate, status])).toEqual([
        [true, 'delivered'],
        [true, 'delivered'],
        [true, 'delivered'],
      ])
      const conflict = await refusal(publish(process, [{ ...middle, body: {} }]))
      expect(conflict.code).toBe('message.conflict')
    }
    expect((await auditInboxDeeply(hive, 'bob')).violations).toEqual([])
  })

  it('are found by a process that knows of none of them: to publish, settle, discard and sweep', async () => {
    await traffic(20)
    const message = sampleMessage({ delivery_options: { max_attempts: 1 } })
    await publish(elsewhere(), [message])
    const leased = await inboxOf(elsewhere(), 'bob').takeOne()
    await inboxOf(elsewhere(), 'bob').nack(leased)
    expect(await redrive(elsewhere(), 'bob', { all: true })).toBe(1)
    await inboxOf(elsewhere(), 'bob').nack(await inboxOf(elsewhere(), 'bob').takeOne())
    expect(await discard(elsewhere(), 'bob', { all: true })).toBe(1)
    await publish(elsewhere(), [sampleMessage({ ttl: 0.01 })])
    await expect
      .poll(async () => {
        await tend(elsewhere(), 'bob')
        return (await auditInboxDeeply(hive, 'bob')).counters.expired
      })
      .toBe(1)
    const status = await messageStatus(elsewhere(), 'ann', message.message_id)
    expect(status.recipients[0]).toMatchObject({ status: 'discarded' })
  })

  it('answer a receipt again after they have gone on', async () => {
    await traffic(1)
    const inbox = inboxOf(hive, 'bob')
    const [message] = sampleMessages(1)
    if (!message) throw new Error('one message')
    await publish(hive, [message])
    const leased = await inbox.takeOne()
    await inbox.ack(leased)
    await traffic(20)
    for (const process of [hive, elsewhere()]) {
      const { results } = await inboxOf(process, 'bob').ack(leased)
      expect(results).toMatchObject([{ outcome: 'delivered', duplicate: true }])
    }
  })

  it('cost no more commands where they have not gone on, and few where they have', async () => {
    const batch = async () => {
      hive.upstash.stats.reset()
      await traffic(1)
      return hive.upstash.stats.billed
    }
    await traffic(1)
    const before = await batch()
    await traffic(30)
    const costs = [await batch(), await batch(), await batch()]
    const entries = 33 * 20 * 200
    expect(Math.min(...costs) - before).toBeLessThanOrEqual(2 * Math.ceil(entries / recordMaxBytes))
  })

  it('of hops end at the limit: from then on a cause counts as unknown', async () => {
    for (let i = 0; i < 30; i++) {
      await publish(hive, sampleMessages(20, { causation_id: 'x' }))
      const inbox = inboxOf(hive, 'bob')
      await inbox.ack(...(await inbox.take()))
    }
    const sizes = await largestRecords()
    expect(sizes[':{bob}:hops:0']).toBeLessThan(2 * recordMaxBytes)
  })
})

describe('an inbox', () => {
  it('is full before its record is too large, and has room again once messages have left', async () => {
    const count = async () => (await auditInboxDeeply(hive, 'bob')).counts
    for (;;) {
      const error = await publish(hive, [sampleMessage()]).then(
        () => undefined,
        (thrown) => thrown,
      )
      if (!error) continue
      expect(error.code).toBe('inbox.full')
      break
    }
    const { ready } = await count()
    expect(ready).toBeGreaterThan(15)
    expect((await largestRecords())[':{bob}:inbox']).toBeLessThan(1.3 * recordMaxBytes)
    const inbox = inboxOf(hive, 'bob')
    await inbox.ack(...(await inbox.take({ max: 2 })))
    await publish(hive, sampleMessages(2))
    await refusal(publish(hive, [sampleMessage()]))
    await inbox.ack(...(await inbox.take()))
    const record = await hive.bus.ask((redis) => redis.hget(hive.bus.keys.inbox('bob'), 'record'))
    expect(Number(record)).toBe(0)
  })
})
