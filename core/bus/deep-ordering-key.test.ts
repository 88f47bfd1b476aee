import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import type { AgentMessage } from '../protocol/message.ts'
import { auditInbox } from './audit.ts'
import { messageStatus } from './message-status.ts'
import { publish } from './publish.ts'
import type { Leased } from './receive.ts'
import { tend } from './tend.ts'

const depth = 100_000

let hive: TestHive
const figures: Record<string, unknown>[] = []
beforeAll(async () => {
  hive = await testHive({
    inboxMaxMessages: 4 * depth,
    inboxMaxBytes: 2 ** 31,
    outboxMaxBytes: 2 ** 31,
    redisTimeoutMs: 20_000,
  })
})
afterAll(async () => {
  console.table(figures)
  await hive.dispose()
})

type Extra = { key?: string; correlation?: string; priority?: 1 | 2 | 3 | 4 }

/** Messages numbered from `from` on. They are copies of one that was parsed: there are many. */
function numbered(agent: string, from: number, count: number, { key, correlation, priority }: Extra = {}) {
  const sample = sampleMessage({
    to_agent: agent,
    ...(priority === undefined ? {} : { priority }),
    ...(correlation === undefined ? {} : { correlation_id: correlation }),
    // longer than filling the inbox takes anywhere
    delivery_options: { max_attempts: 1, lease_seconds: 3600, ...(key === undefined ? {} : { ordering_key: key }) },
  })
  return Array.from({ length: count }, (_, i): AgentMessage => {
    return { ...sample, message_id: `${agent} ${key ?? ''} ${from + i}`, body: { number: from + i } }
  })
}

/** Publishes in batches of 100 with several callers at once, so that only the first batch has a certain place. */
async function publishMany(agent: string, from: number, count: number, extra: Extra = {}): Promise<void> {
  let next = from
  const publishNext = async () => {
    const first = next
    next = Math.min(first + 100, from + count)
    await publish(hive, numbered(agent, first, next - first, extra))
  }
  const caller = async () => {
    while (next < from + count) await publishNext()
  }
  await publishNext()
  await Promise.all(Array.from({ length: 4 }, caller))
}

async function billed<T>(act: () => Promise<T>): Promise<{ billed: number; ms: number; result: T }> {
  hive.upstash.stats.reset()
  const start = performance.now()
  const result = await act()
  return { billed: hive.upstash.stats.billed, ms: performance.now() - start, result }
}

const numbersOf = (leased: Leased[]) => leased.map(({ message }) => message.body.number)
const fastest = (runs: { ms: number }[]) => Math.min(...runs.map(({ ms }) => ms))

/** The same calls on an inbox with `behind` messages behind a leased one of their ordering key: what each costs. */
async function callsBehind(agent: string, behind: number) {
  const inbox = inboxOf(hive, agent)
  await register(hive, agent)
  await publish(hive, numbered(agent, 0, 1, { key: 'deep' }))
  const head = await inbox.takeOne()
  await publishMany(agent, 1, behind, { key: 'deep' })
  // other messages, of which the last ones came after all of the key
  await publish(hive, numbered(agent, 0, 40))
  await publish(hive, [...numbered(agent, 40, 20), ...numbered(agent, 0, 2, { key: 'other' })])

  const others = []
  for (let round = 0; round < 5; round++) others.push(await billed(() => inbox.take({ max: 10 })))
  const rest = await billed(() => inbox.take())
  const nothing = await billed(() => inbox.take())
  const one = await billed(() => publish(hive, numbered(agent, behind + 1, 1, { key: 'deep', priority: 4 })))
  const status = await billed(() => messageStatus(hive, 'ann', `${agent} deep ${behind}`))
  const tended = await billed(() => tend(hive, agent))
  const acked = await billed(() => inbox.ack(head))
  const released = await billed(() => inbox.take())
  const order = [numbersOf(released.result)]
  let [next] = released.result
  for (let round = 0; round < 10 && next; round++) {
    // with one attempt each, a refused one is a dead letter, and lets the next go as an acknowledged one does
    await (round % 2 === 0 ? inbox.ack(next) : inbox.nack(next))
    const taken = await inbox.take()
    order.push(numbersOf(taken))
    next = taken[0]
  }
  return {
    others: others.map(({ result }) => numbersOf(result)),
    rest: numbersOf(rest.result),
    nothing: nothing.result,
    status: status.result,
    order,
    costs: {
      other: others.map((run) => run.billed),
      rest: rest.billed,
      nothing: nothing.billed,
      publish: one.billed,
      status: status.billed,
      tend: tended.billed,
      ack: acked.billed,
      released: released.billed,
    },
    times: { take: fastest(others), publish: one.ms, ack: acked.ms },
  }
}

describe(`${depth} messages`, () => {
  it('behind one leased ordering key cost a receive nothing, and hold up no others', { timeout: 90_000 }, async () => {
    // scripts are sent in full the first time
    await callsBehind('warm-up', 30)
    const small = await callsBehind('small', 30)
    const deep = await callsBehind('deep', depth)
    figures.push(
      { inbox: 'small', ...small.costs, other: small.costs.other[0], ...small.times },
      { inbox: 'deep', ...deep.costs, other: deep.costs.other[0], ...deep.times },
    )

    // looking after an inbox writes when to look next, unless that is written already
    for (const { tend: cost } of [small.costs, deep.costs]) expect(cost === 5 || cost === 6).toBe(true)
    expect({ ...deep.costs, tend: 0 }).toEqual({ ...small.costs, tend: 0 })
    expect(deep.others.flat()).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(deep.rest).toEqual([...Array.from({ length: 10 }, (_, i) => 50 + i), 0])
    expect(deep.nothing).toEqual([])
    expect(deep.status.recipients[0]).toMatchObject({ state: 'held', status: 'pending' })
    // each settlement lets exactly the next one go
    expect(deep.order).toEqual(Array.from({ length: 11 }, (_, i) => [i + 1]))
    expect(small.order).toEqual(deep.order)

    const { counts, violations } = await auditInbox(hive, 'deep')
    expect(violations).toEqual([])
    // 11 heads were let go, 5 of them died, the last is leased; one waits behind the other key
    expect(counts).toEqual({ ready: 0, held: depth + 1 - 11 + 1, delayed: 0, leased: 1 + 61, dead: 5 })
  })

  it('that are ready cost a receive nothing, by correlation id neither', { timeout: 90_000 }, async () => {
    const costs = []
    for (const [agent, count] of [
      ['few', 120],
      ['many', depth],
    ] as const) {
      const inbox = inboxOf(hive, agent)
      await register(hive, agent)
      await publishMany(agent, 0, count, { correlation: 'all' })
      await publish(hive, numbered(agent, count, 2, { key: 'late', correlation: 'late', priority: 1 }))
      await publish(hive, numbered(agent, count + 2, 1, { correlation: 'late', priority: 1 }))

      const ten = await billed(() => inbox.take({ max: 10 }))
      const hundred = await billed(() => inbox.take({ max: 100 }))
      const correlated = await billed(() => inbox.take({ correlationId: 'late' }))
      const acked = await billed(() => inbox.ack(...hundred.result))
      expect(numbersOf(ten.result)).toHaveLength(10)
      expect(hundred.result).toHaveLength(100)
      // the second of them waits behind the first of its ordering key
      expect(numbersOf(correlated.result)).toEqual([count, count + 2])
      const { counts, violations } = await auditInbox(hive, agent)
      expect(violations).toEqual([])
      expect(counts).toMatchObject({ ready: count - 110, held: 1, leased: 12 })
      costs.push({ ten: ten.billed, hundred: hundred.billed, correlated: correlated.billed, ack: acked.billed })
      figures.push({ inbox: agent, ...costs.at(-1), take: ten.ms, correlatedMs: correlated.ms })
    }
    expect(costs[1]).toEqual(costs[0])
  })
})
