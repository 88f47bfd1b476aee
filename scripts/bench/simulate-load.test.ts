import { describe, expect, it } from 'vitest'
import { breaks, type Costs, type Limits, type Load, simulateLoad } from './simulate-load.ts'

const costs: Costs = {
  requests: 0.03,
  invocations: 0.03,
  handlerMs: 20,
  commands: 0.5,
  redisMs: 0.02,
  outboxBytes: 800,
  drainedPerSecond: 4_000,
}
const limits: Limits = {
  apiRequests: 10_000,
  lambdaConcurrency: 1_000,
  redisCommands: 10_000,
  redisTime: 1,
  historyConcurrency: 8,
  outboxShards: 16,
  outboxMaxBytes: 32 * 1024 ** 2,
  deliverConcurrency: 50,
  deliveryConcurrency: 10,
  webhookMs: 100,
  pulledByAgent: 3_000,
  inboxMaxMessages: 100_000,
}
const load: Load = { rate: 1_000, agents: 100, hottest: 0.02, push: false }

describe('a load', () => {
  it('within every limit is accepted for good', () => {
    expect(breaks(load, costs, limits)).toEqual([])
    const { accepted, historyBacklogAfter, inboxFullAfter } = simulateLoad(load, costs, limits, 3_600)
    expect(accepted).toBeCloseTo(load.rate)
    expect([historyBacklogAfter, inboxFullAfter]).toEqual([null, null])
  })

  it('gives the same result each time', () => {
    const heavy = { ...load, rate: 50_000 }
    expect(simulateLoad(heavy, costs, limits, 600)).toEqual(simulateLoad(heavy, costs, limits, 600))
  })

  it('beyond a limit of the front is accepted as far as that goes', () => {
    const heavy = { ...load, rate: 40_000, hottest: 0 }
    const wide = { ...limits, historyConcurrency: 1_000, outboxShards: 64 }
    expect(breaks(heavy, costs, wide)[0]?.name).toBe('redisCommands')
    expect(simulateLoad(heavy, costs, wide, 60).accepted).toBeCloseTo(20_000)
  })

  it('that history cannot follow is refused once its outbox is full, and then goes as fast as history', () => {
    const heavy = { ...load, rate: 18_000, hottest: 0 }
    const { historyBacklogAfter, accepted } = simulateLoad(heavy, costs, limits, 3_600)
    expect(historyBacklogAfter).toBeGreaterThan(10)
    expect(accepted).toBeLessThanOrEqual(16_100)
  })

  it('to one agent fills its inbox, and no other one', () => {
    const hot = { ...load, rate: 2_000, hottest: 0.6, push: true }
    expect(simulateLoad(hot, costs, limits, 3_600).inboxFullAfter).toBeGreaterThan(10)
    expect(simulateLoad({ ...hot, hottest: 0.01 }, costs, limits, 3_600).inboxFullAfter).toBeNull()
  })
})
