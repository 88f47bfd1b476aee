import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { refusal } from '../../test/refusal.ts'
import type { Hive } from '../hive.ts'
import { createAccessMemory } from './access-memory.ts'
import type { Caller } from './caller.ts'
import { RateLimited, takeToken } from './rate-limit.ts'

let hive: TestHive
let count = 0
beforeAll(async () => {
  hive = await testHive({ rateWindowMs: 60_000, ratePublish: 10, rateReceive: 5, rateMetricsWrite: 10_000 })
})
beforeEach(() => hive.upstash.stats.reset())
afterAll(() => hive?.dispose())

const instance = (config: Partial<Hive['config']> = {}): Hive => ({
  ...hive,
  config: { ...hive.config, ...config },
  access: createAccessMemory(),
})
const newCaller = (): Caller => ({ agent: 'alice', scopes: ['publish'], keyId: `key-${++count}` })

async function granted(who: Hive[], caller: Caller, tries: number): Promise<number> {
  let passed = 0
  for (let n = 0; n < tries; n++) {
    await takeToken(who[n % who.length] ?? hive, caller, 'publish').then(
      () => passed++,
      (error) => expect(error).toBeInstanceOf(RateLimited),
    )
  }
  return passed
}

describe('a limit', () => {
  it('lets its quota through and tells how it stands', async () => {
    const who = instance()
    const caller = newCaller()
    for (let left = 9; left >= 0; left--) {
      const standing = await takeToken(who, caller, 'publish')
      expect(standing).toMatchObject({ name: 'publish', quota: 10, windowSeconds: 60, left })
      expect(standing?.resetSeconds).toBeGreaterThan(0)
      expect(standing?.resetSeconds).toBeLessThanOrEqual(60)
    }
    const error = await refusal(takeToken(who, caller, 'publish'))
    expect(error).toMatchObject({ code: 'rate.limited', status: 429, standing: { left: 0 } })
    // one request of ten in a minute is free each six seconds
    expect(error.retryAfter).toBeGreaterThan(0)
    expect(error.retryAfter).toBeLessThanOrEqual(6)
  })

  it('is one for all instances, and one for each key and class', async () => {
    const caller = newCaller()
    const instances = Array.from({ length: 5 }, () => instance())
    expect(await granted(instances, caller, 50)).toBe(10)
    expect(await granted(instances, newCaller(), 50)).toBe(10)
    await takeToken(instance(), caller, 'receive')
  })

  it('is kept under requests at the same time', async () => {
    const who = instance()
    const caller = newCaller()
    const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => takeToken(who, caller, 'publish')))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
  })

  it('fills again at its rate', async () => {
    const who = instance({ rateWindowMs: 1_000 })
    const caller = newCaller()
    expect(await granted([who], caller, 20)).toBeGreaterThanOrEqual(10)
    await expect
      .poll(() =>
        takeToken(who, caller, 'publish').then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
  })

  it('is not for the admin keys of the configuration', async () => {
    const operator: Caller = { agent: null, scopes: ['admin'], keyId: 'config:1' }
    for (let n = 0; n < 100; n++) expect(await takeToken(hive, operator, 'publish')).toBeNull()
    expect(hive.upstash.stats.requests).toBe(0)
  })

  it('leaves nothing behind once it is free again', async () => {
    const who = instance({ rateWindowMs: 1_000 })
    const caller = newCaller()
    await granted([who], caller, 20)
    const key = hive.bus.keys.tokens(caller.keyId, 'publish')
    await expect.poll(async () => (await hive.bus.redis()).exists(key)).toBe(0)
  })
})

describe('what limits cost', () => {
  it('is four commands for the first request of an instance', async () => {
    await takeToken(instance(), newCaller(), 'publish')
    hive.upstash.stats.reset()
    await takeToken(instance(), newCaller(), 'publish')
    expect(hive.upstash.stats.billed).toBe(4)
  })

  it('is little for a busy instance, and for a refused one', async () => {
    const who = instance()
    const caller = newCaller()
    for (let n = 0; n < 5_000; n++) await takeToken(who, caller, 'metrics:write')
    const busy = hive.upstash.stats.billed
    console.info(`5,000 requests of one key: ${busy} commands`)
    expect(busy).toBeLessThanOrEqual(80)
    hive.upstash.stats.reset()
    await granted([who], caller, 2_000)
    expect(hive.upstash.stats.billed).toBeLessThan(100)
  })

  it('is no outage: requests pass while Redis is away', async () => {
    const who = instance({ rateReceive: 1 })
    const caller = newCaller()
    hive.upstash.faults.next('500')
    for (let n = 0; n < 20; n++) expect(await takeToken(who, caller, 'receive')).toBeNull()
    expect(hive.upstash.faults.pending).toBe(0)
    hive.upstash.faults.clear()
  })
})
