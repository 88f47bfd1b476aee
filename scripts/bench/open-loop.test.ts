import { describe, expect, it } from 'vitest'
import { runOpenLoop } from './open-loop.ts'

describe('an open loop', () => {
  it('sends what is due although nothing before was answered', async () => {
    const waiting: (() => void)[] = []
    const { times, failed } = await runOpenLoop([0, 1, 2, 3], 0.02, () => {
      const answer = new Promise<void>((resolve) => waiting.push(resolve))
      // nobody is answered until all have asked
      if (waiting.length === 4) for (const resolve of waiting) resolve()
      return answer
    })
    expect(times).toHaveLength(4)
    expect(failed).toEqual([])
  })

  it('counts a time from when the call was due, not from when it was sent', async () => {
    const block = () => {
      const end = performance.now() + 60
      while (performance.now() < end);
    }
    const { times, lateness } = await runOpenLoop([0, 10], 0.2, async (index) => {
      if (index === 0) block()
    })
    // the second was due while the sender was busy with the first
    expect(times[1]).toBeGreaterThanOrEqual(50)
    expect(lateness[1]).toBeGreaterThanOrEqual(50)
  })

  it('gives a call that fails no time at all, and goes on', async () => {
    const { times, failed, inTime } = await runOpenLoop([0, 1], 0.05, async (index) => {
      if (index === 0) throw new Error('refused')
    })
    expect(times.toSorted((a, b) => a - b)[1]).toBe(Number.POSITIVE_INFINITY)
    expect(failed).toEqual(['Error: refused'])
    expect(inTime).toBe(1)
  })

  it('does not count an answer after the end as one in time', async () => {
    const { times, inTime } = await runOpenLoop([0, 1], 0.03, (index) =>
      index === 0 ? Promise.resolve() : new Promise<void>((resolve) => setTimeout(resolve, 100)),
    )
    expect(times).toHaveLength(2)
    expect(inTime).toBe(1)
  })
})
