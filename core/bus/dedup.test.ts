import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import { publish } from './publish.ts'
import { receive } from './receive.ts'
import { settle } from './settle.ts'

// a ledger bucket is as long as life and margin together: here it turns every 300 ms
const shortLifeMs = 200
const dedupMarginMs = 100
const bucketMs = shortLifeMs + dedupMarginMs

let hive: TestHive
beforeAll(async () => {
  hive = await testHive({ shortLifeMs, dedupMarginMs, statusRetentionMs: 60 })
  await register(hive, 'bob')
})
afterAll(() => hive.dispose())

const bucketOf = (acceptedAt: string) => Math.floor(Date.parse(acceptedAt) / bucketMs)
const currentBucket = () => Math.floor(hive.bus.now() / bucketMs)

describe('dedup', () => {
  it('holds for all of the life and the margin, however the buckets fall, and not for ever', async () => {
    const spans = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const message = sampleMessage({ ttl: shortLifeMs / 1000 })
        const [first] = await publish(hive, [message])
        for (let seen = 0; ; seen++) {
          const [again] = await publish(hive, [message])
          if (!first || !again) throw new Error('one result each')
          if (!again.duplicate) return { seen, ms: Date.parse(again.accepted_at) - Date.parse(first.accepted_at) }
          expect(again.accepted_at).toBe(first.accepted_at)
        }
      }),
    )
    for (const { ms } of spans) expect(ms).toBeGreaterThanOrEqual(bucketMs)
    expect(Math.max(...spans.map(({ seen }) => seen))).toBeGreaterThan(0)
  })

  it('refuses other content for as long', async () => {
    const message = sampleMessage({ ttl: shortLifeMs / 1000 })
    const [first] = await publish(hive, [message])
    for (;;) {
      const answer = await publish(hive, [{ ...message, body: { text: 'other' } }]).catch((error) => error.code)
      if (answer === 'message.conflict') continue
      const ms = Date.parse(answer[0].accepted_at) - Date.parse(first?.accepted_at ?? '')
      expect(ms).toBeGreaterThanOrEqual(bucketMs)
      return
    }
  })

  it('finds messages that live longer than the short ledger remembers', async () => {
    const message = sampleMessage({ ttl: 3600 })
    const [first] = await publish(hive, [message])
    if (!first) throw new Error('one result')
    await expect.poll(currentBucket, { interval: 20 }).toBeGreaterThan(bucketOf(first.accepted_at) + 2)
    // another message of the same sender first: what it leaves in the ledger must not hide the older one
    await publish(hive, [sampleMessage({ ttl: 0.1 })])
    const [again] = await publish(hive, [message])
    expect(again).toMatchObject({ duplicate: true, accepted_at: first.accepted_at })
  })

  it('finds a long-lived message published in the same bucket as short-lived ones', async () => {
    const long = sampleMessage({ ttl: 3600, from_agent: 'mixed' })
    await publish(hive, [sampleMessage({ ttl: 0.1, from_agent: 'mixed' })])
    await publish(hive, [long])
    await publish(hive, [sampleMessage({ ttl: 0.1, from_agent: 'mixed' })])
    expect((await publish(hive, [long]))[0]?.duplicate).toBe(true)
  })

  it('never calls a message pending whose outcome is older than the retention of statuses', async () => {
    await register(hive, 'prompt')
    const message = sampleMessage({ ttl: 3600, to_agent: 'prompt' })
    const [first] = await publish(hive, [message])
    const { messages } = await receive(hive, 'prompt', { max: 1, requestId: hive.ids.requestId() })
    await settle(hive, 'prompt', { acks: messages.map(({ receipt }) => receipt), nacks: [], extensions: [] })
    // far beyond the 60 ms for which statuses are kept
    await expect.poll(currentBucket, { interval: 20 }).toBeGreaterThan(bucketOf(first?.accepted_at ?? '') + 2)
    expect((await publish(hive, [message]))[0]).toMatchObject({ duplicate: true, status: 'delivered' })
  })
})
