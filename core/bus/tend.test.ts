import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import { sweep } from '../delivery/sweep.ts'
import { auditInboxDeeply } from './audit.ts'
import { shardCount, shardOf } from './keys.ts'
import { publish } from './publish.ts'
import { dueAgents, tend } from './tend.ts'

let hive: TestHive
beforeEach(async () => {
  hive = await testHive({ deadRetentionMs: 30 })
  onTestFinished(() => hive.dispose())
  await register(hive, ['bob', 'cyd'])
})

const dueOf = async (agent: string) => {
  const score = await hive.bus.ask((redis) => redis.zscore(hive.bus.keys.due(shardOf(agent)), agent))
  return score === null ? null : Number(score)
}
const audit = () => auditInboxDeeply(hive, 'bob')

describe('tend', () => {
  it('ends every kind of period: delay, lease, life, retention of the dead', async () => {
    const inbox = inboxOf(hive, 'bob')
    const lasting = { delivery_options: { max_attempts: 5 } }
    await publish(hive, [sampleMessage(lasting), sampleMessage({ delivery_options: { max_attempts: 1 } })])
    await inbox.take({ leaseMs: 10 })
    await publish(hive, [
      sampleMessage({ delivery_options: { delay_seconds: 0.01 } }),
      sampleMessage({ ttl: 0.01 }),
      sampleMessage({ ttl: 0.02, delivery_options: { delay_seconds: 0.01 } }),
    ])
    await expect
      .poll(async () => {
        await tend(hive, 'bob')
        return audit()
      })
      .toMatchObject({
        counts: { ready: 2, held: 0, delayed: 0, leased: 0, dead: 0 },
        counters: { accepted: 5, expired: 2, died: 1, discarded: 1 },
        violations: [],
      })
  })

  it('registers an inbox for the next thing that is due, and not at all when nothing is', async () => {
    const [published] = await publish(hive, [sampleMessage({ ttl: 100 })])
    const life = Date.parse(published?.accepted_at ?? '') + 100_000
    expect(await dueOf('bob')).toBe(life)
    const inbox = inboxOf(hive, 'bob')
    const taken = await inbox.takeOne({ leaseMs: 5_000 })
    expect(await dueOf('bob')).toBe(Date.parse(taken.leased_until))
    await inbox.nack(taken, { delay_seconds: 50 })
    await tend(hive, 'bob')
    expect(await dueOf('bob')).toBeGreaterThan(hive.bus.now() + 40_000)
    expect(await dueOf('bob')).toBeLessThan(life)
    await publish(hive, [sampleMessage({ to_agent: 'cyd' })])
    const other = inboxOf(hive, 'cyd')
    await other.ack(await other.takeOne())
    await tend(hive, 'cyd')
    expect(await dueOf('cyd')).toBeNull()
  })

  it('applies so many events at a time and says that there are more', async () => {
    for (let i = 0; i < 5; i++) await publish(hive, sampleMessages(100, { ttl: 0.05 }))
    await expect.poll(async () => (await audit()).counts.ready, { interval: 5 }).toBe(500)
    const [published] = await publish(hive, [sampleMessage({ ttl: 0.05 })])
    await expect.poll(() => hive.bus.now() > Date.parse(published?.accepted_at ?? '') + 100).toBe(true)
    const answers: boolean[] = []
    for (;;) {
      const { more } = await tend(hive, 'bob')
      answers.push(more)
      if (!more) break
    }
    expect(answers).toEqual([true, true, false])
    expect(await audit()).toMatchObject({ counters: { expired: 501 }, violations: [] })
  })

  it('takes an agent that is not known off the list', async () => {
    await hive.bus.ask((redis) => redis.zadd(hive.bus.keys.due(shardOf('ghost')), { score: 1, member: 'ghost' }))
    expect(await tend(hive, 'ghost')).toEqual({ more: false })
    expect(await dueOf('ghost')).toBeNull()
  })
})

describe('the sweep', () => {
  it('looks after every inbox in which something is due, and no other', async () => {
    const agents = Array.from({ length: 40 }, (_, i) => `due ${i}`)
    await register(hive, [...agents, 'quiet'])
    await publish(hive, [sampleMessage({ to_agent: 'quiet' })])
    await publish(
      hive,
      agents.map((to_agent) => sampleMessage({ to_agent, ttl: 0.01 })),
    )
    const expired = async (agent: string) => (await auditInboxDeeply(hive, agent)).counters.expired
    await expect
      .poll(async () => {
        await sweep(hive)
        return Promise.all(agents.map(expired))
      })
      .toEqual(agents.map(() => 1))
    expect((await sweep(hive)).inboxes).toBe(0)
    expect((await auditInboxDeeply(hive, 'quiet')).counts.ready).toBe(1)
  })

  it('costs only its look when nothing is due', async () => {
    await publish(hive, [sampleMessage()])
    await sweep(hive)
    hive.upstash.stats.reset()
    expect((await sweep(hive)).inboxes).toBe(0)
    expect(hive.upstash.stats.billed).toBe(shardCount + 2)
  })

  it('sees the longest waiting first', async () => {
    const shard = shardOf('bob')
    const key = hive.bus.keys.due(shard)
    await hive.bus.ask((redis) =>
      redis.zadd(key, { score: 3, member: 'c' }, { score: 1, member: 'a' }, { score: 2, member: 'b' }),
    )
    expect(await dueAgents(hive, shard, { offset: 0, limit: 2 })).toEqual(['a', 'b'])
  })
})
