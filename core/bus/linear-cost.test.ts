import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessages } from '../../test/sample-message.ts'
import { publish } from './publish.ts'

// What a message costs does not depend on how many there are, by how many agents, or how many wait: billed commands are
// counted here, `npm run bench -- linear` takes the time.

const isFull = process.env.HIVE_TEST_FULL === '1'
const figures: object[] = []
afterAll(() => console.table(figures))

async function freshHive(): Promise<TestHive> {
  const hive = await testHive({ outboxMaxBytes: 4 * 1024 ** 3, inboxMaxMessages: 1_000_000, inboxMaxBytes: 1024 ** 3 })
  onTestFinished(() => hive.dispose())
  return hive
}

async function billed(hive: TestHive, act: () => Promise<unknown>): Promise<number> {
  hive.upstash.stats.reset()
  await act()
  return hive.upstash.stats.billed
}

async function fill(hive: TestHive, to_agent: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 100)
    await publish(hive, sampleMessages(100, { from_agent: 'ann', to_agent }))
}

/** A batch that goes through an inbox: in, out, acknowledged. */
async function passBatch(hive: TestHive, agent: string): Promise<void> {
  await publish(hive, sampleMessages(100, { from_agent: 'ann', to_agent: agent }))
  const inbox = inboxOf(hive, agent)
  const taken = await inbox.take()
  expect(taken).toHaveLength(100)
  await inbox.ack(...taken)
}

function expectLinear(what: string, costs: number[]): void {
  figures.push({ what, 'commands a message': costs.map((cost) => cost.toFixed(3)).join(', ') })
  for (const cost of costs) {
    expect(cost).toBeLessThan(1.2 * (costs[0] ?? 0))
    expect(cost).toBeGreaterThan((costs[0] ?? 0) / 1.2)
  }
}

describe('billed commands a message', { timeout: 600_000 }, () => {
  it('are the same for twice, four and eight times as many messages', async () => {
    const hive = await freshHive()
    await register(hive, ['ann', 'bob'])
    const costs: number[] = []
    for (const batches of [5, 10, 20, 40]) {
      const cost = await billed(hive, async () => {
        for (let i = 0; i < batches; i++) await passBatch(hive, 'bob')
      })
      costs.push(cost / (batches * 100))
    }
    expectLinear('messages: 500, 1,000, 2,000, 4,000', costs)
  })

  it('are the same among twice, four and eight times as many agents', async () => {
    const hive = await freshHive()
    const most = isFull ? 10_000 : 1_600
    const names = Array.from({ length: most }, (_, i) => `agent-${i}`)
    await register(hive, ['ann', ...names])
    const costs: number[] = []
    for (const count of [most / 8, most / 4, most / 2, most]) {
      const agents = names.slice(0, count)
      const cost = await billed(hive, async () => {
        for (let at = 0; at < count; at += 100) {
          const batch = sampleMessages(Math.min(100, count - at), { from_agent: 'ann' })
          await publish(
            hive,
            batch.map((message, i) => ({ ...message, to_agent: agents[at + i] as string })),
          )
        }
      })
      costs.push(cost / count)
    }
    expectLinear(`agents: ${most / 8} to ${most}`, costs)
  })

  it('are the same with twice, four and eight times as many waiting', async () => {
    const hive = await freshHive()
    await register(hive, ['ann', 'bob'])
    const most = isFull ? 100_000 : 16_000
    const costs: number[] = []
    let waiting = 0
    for (const depth of [most / 8, most / 4, most / 2, most]) {
      await fill(hive, 'bob', depth - waiting)
      waiting = depth
      costs.push((await billed(hive, () => passBatch(hive, 'bob'))) / 100)
    }
    expectLinear(`waiting: ${most / 8} to ${most}`, costs)
  })
})
