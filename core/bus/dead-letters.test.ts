import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf, textsOf } from '../../test/inbox.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import { auditInboxDeeply } from './audit.ts'
import { discard, getDeadLetter, listDeadLetters, redrive } from './dead-letters.ts'
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

/** Publishes messages that die with their first attempt, and lets them die, in this order. */
async function dead(count: number, overrides: Parameters<typeof sampleMessage>[0] = {}) {
  const batch = Array.from({ length: count }, (_, i) =>
    sampleMessage({ to_agent: agent, body: { text: i }, delivery_options: { max_attempts: 1 }, ...overrides }),
  )
  await publish(hive, batch)
  const nacks = (await inbox.take()).map(({ receipt }) => ({ receipt, reason: 'no use' }))
  await inbox.settle({ nacks })
  return batch
}
const list = async (limit = 100) => (await listDeadLetters(hive, agent, { limit })).items
const statusOf = async (id: string) => (await messageStatus(hive, 'ann', id)).recipients[0]

describe('dead letters', () => {
  it('are listed the oldest first, with what is needed to judge them', async () => {
    const batch = await dead(3)
    const items = await list()
    expect(items.map(({ message }) => message)).toEqual(batch)
    expect(items[0]).toMatchObject({ reason: 'no use', attempts: 1, max_attempts: 1 })
    const kept = Date.parse(items[0]?.kept_until ?? '') - Date.parse(items[0]?.died_at ?? '')
    expect(kept).toBe(hive.config.deadRetentionMs)
    const one = await getDeadLetter(hive, agent, items[1]?.dead_letter_id ?? '')
    expect(one).toEqual(items[1])
  })

  it('are paged without gap or repetition, also those that died in the same ms', async () => {
    const batch = await dead(25)
    const seen: unknown[] = []
    let cursor: string | null | undefined
    do {
      const page = await listDeadLetters(hive, agent, { limit: 4, ...(cursor ? { cursor } : {}) })
      expect(page.items.length).toBeLessThanOrEqual(4)
      seen.push(...page.items.map(({ message }) => message))
      cursor = page.next_cursor
    } while (cursor)
    expect(seen).toEqual(batch)
  })

  it('that are large make shorter pages: an answer stays below 2.5 MiB', async () => {
    const batch = await dead(13, { body: { text: 'x'.repeat(250 * 1024) } })
    // one receive hands over ten of them
    const nacks = (await inbox.take()).map(({ receipt }) => ({ receipt }))
    await inbox.settle({ nacks })
    const first = await listDeadLetters(hive, agent, { limit: 100 })
    expect(first.items.map(({ message }) => message)).toEqual(batch.slice(0, 10))
    const second = await listDeadLetters(hive, agent, { limit: 100, cursor: first.next_cursor ?? '' })
    expect(second.items.map(({ message }) => message)).toEqual(batch.slice(10))
    expect(second.next_cursor).toBeNull()
    expect(await redrive(hive, agent, { all: true })).toBe(13)
  })

  it('of an unknown agent, or unknown ones, are errors', async () => {
    expect((await refusal(listDeadLetters(hive, 'nobody', { limit: 1 }))).code).toBe('agent.unknown')
    expect((await refusal(redrive(hive, 'nobody', { all: true }))).code).toBe('agent.unknown')
    expect((await refusal(discard(hive, 'nobody', { all: true }))).code).toBe('agent.unknown')
    for (const id of ['1', 'ready', 'm:1', '', '1'.repeat(30)]) {
      expect((await refusal(getDeadLetter(hive, agent, id))).code).toBe('dead_letter.unknown')
    }
  })

  it('are no live messages: an id of one that lives is passed over', async () => {
    await publish(hive, [sampleMessage({ to_agent: agent })])
    const dump = await dumpKeys(hive)
    const fields = Object.keys(dump[hive.bus.keys.inbox(agent)]?.value as object)
    const id = fields.find((field) => /^\d+$/.test(field)) ?? ''
    expect((await refusal(getDeadLetter(hive, agent, id))).code).toBe('dead_letter.unknown')
    expect(await redrive(hive, agent, { ids: [id] })).toBe(0)
    expect(await discard(hive, agent, { ids: [id, 'no id', '42'] })).toBe(0)
    expect(await dumpKeys(hive)).toEqual(dump)
  })
})

describe('the status of a dead letter', () => {
  it('outlives the ledger of its publish, and so does what became of it', async () => {
    const short = await testHive({ shortLifeMs: 600, dedupMarginMs: 50, statusRetentionMs: 100 })
    onTestFinished(() => short.dispose())
    await register(short, ['bob', 'cyd'])
    const [nacked, lost] = [
      sampleMessage({ ttl: 0.6, delivery_options: { max_attempts: 1 } }),
      sampleMessage({ ttl: 0.6, to_agent: 'cyd', delivery_options: { max_attempts: 1 } }),
    ]
    await publish(short, [nacked, lost])
    await inboxOf(short, 'bob').nack(await inboxOf(short, 'bob').takeOne(), { reason: 'no use' })
    await inboxOf(short, 'cyd').takeOne({ leaseMs: 1 })
    const ledgers = async () => Object.keys(await dumpKeys(short)).filter((key) => key.includes(':sent:s')).length
    await expect
      .poll(async () => {
        await tend(short, 'cyd')
        return ledgers()
      })
      .toBe(0)
    const statusIn = async (id: string) => (await messageStatus(short, 'ann', id)).recipients[0]
    expect(await statusIn(nacked.message_id)).toMatchObject({ status: 'failed', state: 'dead', reason: 'no use' })
    expect(await statusIn(lost.message_id)).toMatchObject({ status: 'failed', reason: 'lease expired' })
    await discard(short, 'bob', { all: true })
    expect(await statusIn(nacked.message_id)).toMatchObject({ status: 'discarded' })
    expect((await refusal(messageStatus(short, 'eve', lost.message_id))).code).toBe('message.unknown')
  })
})

describe('redrive', () => {
  it('reopens a message at the tail of its inbox with a new life and all its attempts', async () => {
    const [message] = await dead(1)
    if (!message) throw new Error('one message')
    const before = await statusOf(message.message_id)
    await publish(hive, [sampleMessage({ to_agent: agent, body: { text: 'newer' } })])
    const [letter] = await list()
    expect(await redrive(hive, agent, { ids: [letter?.dead_letter_id ?? ''] })).toBe(1)
    const after = await statusOf(message.message_id)
    expect(after).toMatchObject({ status: 'pending', state: 'ready', attempts: 0 })
    expect(Date.parse(after?.expires_at ?? '')).toBeGreaterThan(Date.parse(before?.expires_at ?? ''))
    const taken = await inbox.take()
    expect(textsOf(taken)).toEqual(['newer', 0])
    expect(taken[1]).toMatchObject({ attempt: 1 })
    expect(await list()).toEqual([])
  })

  it('passes over what is not dead any more', async () => {
    await dead(3)
    const ids = (await list()).map(({ dead_letter_id }) => dead_letter_id)
    expect(await redrive(hive, agent, { ids: ids.slice(0, 1) })).toBe(1)
    expect(await redrive(hive, agent, { ids: [...ids, ...ids] })).toBe(2)
    expect(await redrive(hive, agent, { all: true })).toBe(0)
  })

  it('takes all of them, however many', async () => {
    for (let i = 0; i < 3; i++) await dead(90)
    expect(await redrive(hive, agent, { all: true })).toBe(270)
    const { counts, counters, violations } = await auditInboxDeeply(hive, agent)
    expect(violations).toEqual([])
    expect(counts).toMatchObject({ ready: 270, dead: 0 })
    expect(counters).toMatchObject({ accepted: 270, died: 270, redriven: 270 })
  })

  it('holds dedup for the new life', async () => {
    const other = await testHive({ shortLifeMs: 200, dedupMarginMs: 100, statusRetentionMs: 60 })
    onTestFinished(() => other.dispose())
    await register(other, 'bob')
    const message = sampleMessage({ ttl: 0.2, delivery_options: { max_attempts: 1 } })
    const [first] = await publish(other, [message])
    await inboxOf(other, 'bob').nack(await inboxOf(other, 'bob').takeOne())
    // past the buckets in which the publish was written down
    const bucket = () => Math.floor(other.bus.now() / 300)
    await expect.poll(bucket).toBeGreaterThan(Math.floor(Date.parse(first?.accepted_at ?? '') / 300) + 1)
    await redrive(other, 'bob', { all: true })
    expect((await publish(other, [message]))[0]).toMatchObject({ duplicate: true, accepted_at: first?.accepted_at })
  })

  it('holds dedup for the new life of a long-lived message', async () => {
    const other = await testHive({ shortLifeMs: 60_000 })
    onTestFinished(() => other.dispose())
    await register(other, 'bob')
    const message = sampleMessage({ ttl: 3600, delivery_options: { max_attempts: 1 } })
    await publish(other, [sampleMessage({ ttl: 1 }), message])
    const inboxOfBob = inboxOf(other, 'bob')
    const [, long] = await inboxOfBob.take()
    if (!long) throw new Error('two leases')
    await inboxOfBob.nack(long)
    // as when the ledger of its publish has ended
    await other.bus.ask((redis) =>
      redis.del(other.bus.keys.sentLong('ann', Math.floor(other.bus.now() / other.bus.periods.long))),
    )
    await redrive(other, 'bob', { all: true })
    expect((await publish(other, [message]))[0]?.duplicate).toBe(true)
  })
})

describe('discard', () => {
  it('ends a message for good, and its status says so', async () => {
    const [message] = await dead(1)
    expect(await discard(hive, agent, { all: true })).toBe(1)
    expect(await list()).toEqual([])
    expect(await statusOf(message?.message_id ?? '')).toMatchObject({
      status: 'discarded',
      state: 'settled',
      reason: 'discarded by an operator',
    })
    expect(await discard(hive, agent, { all: true })).toBe(0)
    expect((await auditInboxDeeply(hive, agent)).violations).toEqual([])
  })

  it('happens by itself when the retention of dead letters ends', async () => {
    const short = await testHive({ deadRetentionMs: 20 })
    onTestFinished(() => short.dispose())
    await register(short, 'bob')
    const message = sampleMessage({ delivery_options: { max_attempts: 1 } })
    await publish(short, [message])
    await inboxOf(short, 'bob').nack(await inboxOf(short, 'bob').takeOne(), { reason: 'no use' })
    await expect
      .poll(async () => {
        await tend(short, 'bob')
        return (await messageStatus(short, 'ann', message.message_id)).recipients[0]
      })
      .toMatchObject({ status: 'discarded', state: 'settled', reason: 'no use' })
  })
})
