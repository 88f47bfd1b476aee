import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf, textsOf } from '../../test/inbox.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import { listDeadLetters } from './dead-letters.ts'
import { messageStatus } from './message-status.ts'
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
const leaseIsOver = (until: string) =>
  expect.poll(async () => Date.parse(until) < (await hive.bus.ask((redis) => redis.time()).then(msOf))).toBe(true)
const msOf = ([seconds, micros]: [number, number]) => Number(seconds) * 1000 + Number(micros) / 1000

describe('a lease that runs out', () => {
  it('gives its message back to the old place', async () => {
    await send('first')
    await send('second')
    const lost = await inbox.takeOne({ leaseMs: 10 })
    await send('third')
    await send('urgent', { priority: 4 })
    await leaseIsOver(lost.leased_until)
    const taken = await inbox.take()
    expect(textsOf(taken)).toEqual(['urgent', 'first', 'second', 'third'])
    expect(taken.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 1])
  })

  it('leaves a receipt that is refused and changes nothing, before and after the next hand-over', async () => {
    await send('a')
    const lost = await inbox.takeOne({ leaseMs: 1 })
    await leaseIsOver(lost.leased_until)
    const unclaimed = await dumpKeys(hive)
    for (const act of [() => inbox.ack(lost), () => inbox.nack(lost), () => inbox.extend(lost, 60)]) {
      const error = await refusal(act())
      expect(error.code).toBe('receipt.stale')
      expect(error.status).toBe(409)
    }
    expect(await dumpKeys(hive)).toEqual(unclaimed)

    const held = await inbox.takeOne()
    const claimed = await dumpKeys(hive)
    for (const act of [() => inbox.ack(lost), () => inbox.nack(lost), () => inbox.extend(lost, 60)]) {
      expect((await refusal(act())).code).toBe('receipt.stale')
    }
    expect(await dumpKeys(hive)).toEqual(claimed)
    expect((await inbox.ack(held)).results).toMatchObject([{ outcome: 'delivered', duplicate: false }])
  })

  it('refuses old receipts beside valid ones and settles the valid ones', async () => {
    await send('a')
    const lost = await inbox.takeOne({ leaseMs: 1 })
    await leaseIsOver(lost.leased_until)
    await send('b')
    const taken = await inbox.take()
    const { results, counts } = await inbox.ack(lost, ...taken)
    expect(results[0]).toMatchObject({ receipt: lost.receipt, error: { code: 'receipt.stale' } })
    expect(results.slice(1)).toMatchObject([{ outcome: 'delivered' }, { outcome: 'delivered' }])
    expect(counts).toMatchObject({ ready: 0, leased: 0 })
  })

  it('makes a dead letter of a message that has had its last attempt', async () => {
    const [published] = await send('a', { delivery_options: { max_attempts: 2 } })
    for (const attempt of [1, 2]) {
      const taken = await inbox.takeOne({ leaseMs: 1 })
      expect(taken.attempt).toBe(attempt)
      await leaseIsOver(taken.leased_until)
    }
    expect(await inbox.take()).toEqual([])
    const { items } = await listDeadLetters(hive, agent, { limit: 10 })
    expect(items).toMatchObject([{ reason: 'lease expired', attempts: 2, max_attempts: 2 }])
    const status = await messageStatus(hive, 'ann', published?.message_id ?? '')
    expect(status.recipients).toMatchObject([{ status: 'failed', state: 'dead', reason: 'lease expired' }])
  })
})

describe('an extension', () => {
  it('keeps a message beyond its first lease', async () => {
    await send('a')
    const taken = await inbox.takeOne({ leaseMs: 1_000 })
    const { results } = await inbox.extend(taken, 60)
    const [result] = results
    if (!result || 'error' in result) throw new Error('extended')
    expect(result).toMatchObject({ outcome: 'extended', duplicate: false })
    expect(Date.parse(result.leased_until ?? '')).toBeGreaterThan(Date.parse(taken.leased_until) + 50_000)
    await leaseIsOver(taken.leased_until)
    expect(await inbox.take()).toEqual([])
    expect((await inbox.ack(taken)).results).toMatchObject([{ outcome: 'delivered' }])
  })

  it('extends again each time it is asked, as a heartbeat does', async () => {
    await send('a')
    const taken = await inbox.takeOne()
    const ends: number[] = []
    for (const seconds of [60, 120, 30]) {
      const [result] = (await inbox.extend(taken, seconds)).results
      ends.push(Date.parse((result && 'leased_until' in result && result.leased_until) || ''))
    }
    const [a = 0, b = 0, c = 0] = ends
    expect(b - a).toBeGreaterThan(55_000)
    expect(c).toBeLessThan(a)
  })

  it('lets a message outlive its ttl, but not for ever', async () => {
    await send('a', { ttl: 0.3 })
    const taken = await inbox.takeOne()
    const [result] = (await inbox.extend(taken, 30 * 86_400)).results
    const until = Date.parse((result && 'leased_until' in result && result.leased_until) || '')
    expect(until - hive.bus.now()).toBeLessThanOrEqual(12 * 3_600_000 + 1_000)
    await expect.poll(() => hive.bus.now() > Date.parse(taken.accepted_at) + 300).toBe(true)
    expect(await inbox.take()).toEqual([])
    expect((await inbox.ack(taken)).results).toMatchObject([{ outcome: 'delivered' }])
  })
})
