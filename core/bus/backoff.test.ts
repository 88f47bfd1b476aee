import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import { publish } from './publish.ts'
import type { SettledReceipt } from './settle.ts'

/** What chance says next. */
let random = 0
let hive: TestHive
beforeAll(async () => {
  let ids = 0
  hive = await testHive(
    {},
    {
      ids: { messageId: () => `id-${++ids}`, requestId: () => `request-${++ids}`, random: () => random },
    },
  )
  await register(hive, 'bob')
})
afterAll(() => hive.dispose())

const exponential = (base_seconds: number, cap_seconds: number) => ({
  delivery_options: { max_attempts: 100, backoff: { type: 'exponential' as const, base_seconds, cap_seconds } },
})

/** Until when each of the results waits, from now on. */
function waitsOf(results: SettledReceipt[]): number[] {
  return results.map((result) => {
    if ('error' in result || result.next_attempt_at === undefined) throw new Error('will not be tried again')
    return Date.parse(result.next_attempt_at) - hive.bus.now()
  })
}

describe('exponential backoff', () => {
  it('spreads retries evenly between nothing and the whole wait: full jitter', async () => {
    const inbox = inboxOf(hive, 'bob')
    const waits: number[] = []
    for (random of [0, 0.25, 0.5, 0.999]) {
      await publish(hive, sampleMessages(50, exponential(1000, 40_000)))
      const nacks = (await inbox.take()).map(({ receipt }) => ({ receipt }))
      waits.push(...waitsOf((await inbox.settle({ nacks })).results))
    }
    expect(Math.min(...waits)).toBeGreaterThan(-2_000)
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_000_000)
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length
    expect(mean).toBeGreaterThan(400_000)
    expect(mean).toBeLessThan(600_000)
    for (let tenth = 0; tenth < 10; tenth++) {
      const inside = waits.filter((wait) => wait >= tenth * 100_000 - 1_000 && wait < (tenth + 1) * 100_000)
      expect(inside.length).toBeGreaterThan(10)
    }
  })

  it('doubles with each attempt up to the cap', async () => {
    await register(hive, 'cyd')
    const inbox = inboxOf(hive, 'cyd')
    await publish(hive, [sampleMessage({ to_agent: 'cyd', ...exponential(0.1, 0.5) })])
    const waits: number[] = []
    // one receipt a call: its part is random + 0.618… modulo 1
    random = 0.999_999 - 0.618_033_988_7
    for (let attempt = 1; attempt <= 6; attempt++) {
      let taken = await inbox.take()
      while (taken.length === 0) taken = await inbox.take()
      const before = hive.bus.now()
      expect(taken[0]?.attempt).toBe(attempt)
      const [result] = (await inbox.settle({ nacks: [{ receipt: taken[0]?.receipt ?? '' }] })).results
      if (!result || !('next_attempt_at' in result)) throw new Error('will be tried again')
      waits.push(Date.parse(result.next_attempt_at ?? '') - before)
    }
    // by Redis's clock, so each is late by the way there; that clock is estimated to half the time of a request
    for (const [i, most] of [100, 200, 400, 500, 500, 500].entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(most - 80)
    }
  })
})
