import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import { sweep } from '../delivery/sweep.ts'
import { shardCount, shardOf } from './keys.ts'
import { commitOutbox, readOutbox } from './outbox.ts'
import { publish } from './publish.ts'

/** Commands as Upstash bills them: each script, and each command inside it. */
const figures: Record<string, unknown>[] = []
afterAll(() => console.table(figures))

async function freshHive(overrides: Parameters<typeof testHive>[0] = {}, agents = ['bob']): Promise<TestHive> {
  const hive = await testHive(overrides)
  onTestFinished(() => hive.dispose())
  // scripts are sent in full once and by their hash from then on
  await register(hive, ['warm-up', ...agents])
  await life(hive, sampleMessages(1, { from_agent: 'warm-up', to_agent: 'warm-up' }))
  return hive
}

async function billed(hive: TestHive, act: () => Promise<unknown>): Promise<number> {
  hive.upstash.stats.reset()
  await act()
  return hive.upstash.stats.billed
}

/** The whole life of messages to one recipient, and what each part of it costs. */
async function life(hive: TestHive, batch: ReturnType<typeof sampleMessages>) {
  const [{ to_agent } = { to_agent: '' }] = batch
  const inbox = inboxOf(hive, to_agent)
  const shard = shardOf(to_agent)
  let taken: Awaited<ReturnType<typeof inbox.take>> = []
  const publishing = await billed(hive, () => publish(hive, batch))
  const receiving = await billed(hive, async () => {
    taken = await inbox.take()
  })
  expect(taken).toHaveLength(batch.length)
  const settling = await billed(hive, () => inbox.ack(...taken))
  const history = await billed(hive, async () => {
    for (;;) {
      const page = await readOutbox(hive, shard, 100)
      if (page.ids.length === 0 || (await commitOutbox(hive, shard, page)).empty) return
    }
  })
  return { publishing, receiving, settling, history, total: publishing + receiving + settling + history }
}

describe('the budget of commands', () => {
  it('is at most 48 for one message alone, at most 35 when its agents are at work', async () => {
    const hive = await freshHive()
    const first = await life(hive, sampleMessages(1))
    figures.push({ what: 'one message, the first of its agents', ...first })
    expect(first.total).toBeLessThanOrEqual(40)
    const next = await life(hive, sampleMessages(1))
    figures.push({ what: 'one message, a later one', ...next })
    expect(next.total).toBeLessThanOrEqual(35)
  })

  it('is at most 0.5 a message for 100 to one recipient', async () => {
    const hive = await freshHive()
    const costs = await life(hive, sampleMessages(100))
    figures.push({ what: '100 messages', ...costs })
    expect(costs.total / 100).toBeLessThanOrEqual(0.5)
  })

  it('is at most 0.5 a message for 100 with everything that a message can have', async () => {
    const hive = await freshHive()
    const batch = Array.from({ length: 100 }, (_, i) =>
      sampleMessage({
        correlation_id: `c${i % 7}`,
        causation_id: 'the cause',
        priority: (1 + (i % 4)) as 1 | 2 | 3 | 4,
        ttl: i % 2 === 0 ? 3600 : 200_000,
        delivery_options: { ordering_key: `k${i}` },
      }),
    )
    const costs = await life(hive, batch)
    figures.push({ what: '100 messages, all options', ...costs })
    expect(costs.total / 100).toBeLessThanOrEqual(0.5)
  })

  it('is at most 14 at publish for each further recipient of a batch', async () => {
    const agents = Array.from({ length: 21 }, (_, i) => `agent ${i}`)
    const hive = await freshHive({}, agents)
    const costOf = (count: number) =>
      billed(hive, () =>
        publish(
          hive,
          agents.slice(0, count).map((to_agent) => sampleMessage({ to_agent })),
        ),
      )
    await costOf(1)
    const one = await costOf(1)
    const many = await costOf(21)
    figures.push({ what: 'publish, a further recipient', total: (many - one) / 20 })
    expect((many - one) / 20).toBeLessThanOrEqual(14)
  })

  it('is at most 14 for each further recipient that is pushed to, whose bodies are large', async () => {
    const agents = Array.from({ length: 11 }, (_, i) => `agent ${i}`)
    const hive = await freshHive({}, [])
    await register(hive, agents, { endpoint: 'https://agent.example/hook' })
    const body = { text: 'x'.repeat(20_000) }
    const costOf = (count: number) =>
      billed(hive, () =>
        publish(
          hive,
          agents.slice(0, count).map((to_agent) => sampleMessage({ to_agent, body })),
        ),
      )
    const one = await costOf(1)
    const many = await costOf(11)
    figures.push({ what: 'publish, a further push recipient with a large body', total: (many - one) / 10 })
    expect((many - one) / 10).toBeLessThanOrEqual(14)
  })

  it('is at most 30 for a receive that waits for 20 s', async () => {
    let passed = 0
    const clock = {
      now: () => Date.now() + passed,
      sleep: async (ms: number) => {
        passed += ms
      },
    }
    const hive = await testHive({}, { clock })
    onTestFinished(() => hive.dispose())
    await register(hive, 'bob')
    await inboxOf(hive, 'bob').take()
    const waiting = await billed(hive, () => inboxOf(hive, 'bob').take({ waitMs: 20_000 }))
    figures.push({ what: 'receive, 20 s of waiting', total: waiting })
    expect(waiting).toBeLessThanOrEqual(30)
    const empty = await billed(hive, () => inboxOf(hive, 'bob').take())
    figures.push({ what: 'receive, nothing there', total: empty })
    expect(empty).toBeLessThanOrEqual(4)
  })

  it('is what the sweep looks at when the hive is idle', async () => {
    const hive = await freshHive()
    await life(hive, sampleMessages(3))
    await sweep(hive)
    const idle = await billed(hive, () => sweep(hive))
    figures.push({ what: 'idle, a minute', total: idle })
    expect(idle).toBe(shardCount + 2)
  })

  it('of a duplicate is less than that of a message', async () => {
    const hive = await freshHive()
    const message = sampleMessage()
    const first = await billed(hive, () => publish(hive, [message]))
    const duplicate = await billed(hive, () => publish(hive, [message]))
    figures.push({ what: 'publish, a duplicate', total: duplicate })
    expect(duplicate).toBeLessThan(first)
  })
})
