import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import { discard, redrive } from './dead-letters.ts'
import { shardOf } from './keys.ts'
import { commitOutbox, type OutboxEvent, outboxBacklog, readOutbox } from './outbox.ts'
import { publish } from './publish.ts'
import { tend } from './tend.ts'

let hive: TestHive
let shard: number
beforeEach(async () => {
  hive = await testHive({ outboxMaxBytes: 20_000 })
  onTestFinished(() => hive.dispose())
  await register(hive, ['bob', 'cyd'])
  shard = shardOf('bob')
})

const bytes = async () => (await outboxBacklog(hive))[shard]
/** Reads and commits until the shard is empty. */
async function drain(): Promise<OutboxEvent[]> {
  const events: OutboxEvent[] = []
  for (;;) {
    const page = await readOutbox(hive, shard, 3)
    if (page.ids.length === 0) return events
    events.push(...page.events)
    if ((await commitOutbox(hive, shard, page)).empty) return events
  }
}

describe('the outbox', () => {
  it('says what was accepted and what became of it, in order', async () => {
    const message = sampleMessage({ delivery_options: { max_attempts: 1 }, body: { text: 'line\nbreak \u0001 ✓' } })
    await publish(hive, [message])
    const inbox = inboxOf(hive, 'bob')
    await inbox.nack(await inbox.takeOne(), { reason: 'no use' })
    await redrive(hive, 'bob', { all: true })
    await inbox.ack(await inbox.takeOne())
    const events = await drain()
    const identity = { to_agent: 'bob', from_agent: 'ann', message_id: message.message_id }
    expect(events).toMatchObject([
      { kind: 'accepted', to_agent: 'bob', message },
      { kind: 'status', ...identity, status: 'failed', attempts: 1, reason: 'no use' },
      { kind: 'status', ...identity, status: 'pending', attempts: 0, reason: '' },
      { kind: 'status', ...identity, status: 'delivered', attempts: 1 },
    ])
    const times = events.map(({ at }) => at)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(new Set(times).size).toBe(times.length)
  })

  it('tells of expired and discarded messages', async () => {
    await publish(hive, [sampleMessage({ ttl: 0.01 }), sampleMessage({ delivery_options: { max_attempts: 1 } })])
    const inbox = inboxOf(hive, 'bob')
    await expect
      .poll(async () => {
        await tend(hive, 'bob')
        return (await inbox.receive({ max: 1, leaseMs: 1 })).counts.dead
      })
      .toBe(1)
    await discard(hive, 'bob', { all: true })
    const statuses = (await drain()).flatMap((event) => (event.kind === 'status' ? [event.status] : []))
    expect(statuses.sort()).toEqual(['discarded', 'expired', 'failed'])
  })

  it('keeps entries until they are committed, and leaves nothing behind', async () => {
    await publish(hive, sampleMessages(2))
    const page = await readOutbox(hive, shard, 10)
    expect((await readOutbox(hive, shard, 10)).ids).toEqual(page.ids)
    expect(await bytes()).toBe(page.bytes)
    expect(await commitOutbox(hive, shard, page)).toEqual({ empty: true })
    const keys = Object.keys(await dumpKeys(hive))
    expect(keys.filter((key) => key.includes('outbox'))).toEqual([])
  })

  it('counts right when two drain it at once', async () => {
    for (let i = 0; i < 6; i++) await publish(hive, [sampleMessage({ body: { text: 'x'.repeat(i * 100) } })])
    const small = await readOutbox(hive, shard, 2)
    const large = await readOutbox(hive, shard, 5)
    const total = (await bytes()) ?? 0
    await commitOutbox(hive, shard, small)
    expect(await bytes()).toBe(total - small.bytes)
    // its first two entries are gone already, and their bytes with them
    expect(await commitOutbox(hive, shard, large)).toEqual({ empty: false })
    expect(await bytes()).toBe(total - large.bytes)
    expect(await commitOutbox(hive, shard, large)).toEqual({ empty: false })
    expect(await bytes()).toBe(total - large.bytes)
    expect((await drain()).length).toBe(1)
    expect(await bytes()).toBe(0)
  })

  it('splits a large batch into entries that a drainer can take one by one', async () => {
    const roomy = await testHive()
    onTestFinished(() => roomy.dispose())
    await register(roomy, 'bob')
    const batch = sampleMessages(15, { body: { text: 'x'.repeat(200_000) } })
    await publish(roomy, batch)
    const page = await readOutbox(roomy, shard, 100)
    expect(page.ids.length).toBe(3)
    for (const size of page.sizes) expect(size).toBeLessThanOrEqual(1024 * 1024)
    expect(page.events.map((event) => event.kind === 'accepted' && event.message)).toEqual(batch)
  })
})

describe('an outbox that history does not drain', () => {
  const large = (to_agent = 'bob') => sampleMessage({ to_agent, body: { text: 'x'.repeat(9_000) } })

  it('makes publish answer 503 and write nothing, while acknowledgements still work', async () => {
    await publish(hive, [large(), large()])
    const taken = await inboxOf(hive, 'bob').take()
    const before = await dumpKeys(hive)
    // to a shard that has room first: what was counted there is taken back
    const error = await refusal(publish(hive, [large('cyd'), large(), large('cyd')]))
    expect(error.code).toBe('history.backlog')
    expect(error.status).toBe(503)
    expect(error.retryAfter).toBeGreaterThan(0)
    expect(await dumpKeys(hive)).toEqual(before)
    expect((await inboxOf(hive, 'bob').ack(...taken)).results).toMatchObject([
      { outcome: 'delivered' },
      { outcome: 'delivered' },
    ])
    await drain()
    await publish(hive, [large()])
  })

  it('holds up its own shard alone', async () => {
    expect(shardOf('cyd')).not.toBe(shard)
    await publish(hive, [large(), large()])
    await refusal(publish(hive, [large()]))
    await publish(hive, [large('cyd')])
  })

  it('takes a batch that is larger than the limit when nothing waits', async () => {
    await publish(hive, [large(), large(), large()])
    expect((await refusal(publish(hive, [sampleMessage()]))).code).toBe('history.backlog')
  })

  it('still answers duplicates', async () => {
    const message = large()
    await publish(hive, [message, large()])
    expect((await publish(hive, [message]))[0]?.duplicate).toBe(true)
  })
})
