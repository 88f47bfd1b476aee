import { expect, it } from 'vitest'
import { percentile } from './metric-latency.ts'

it('takes the nearest rank', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index)
  expect([0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([100, 198, 200])
  expect(percentile([7], 0.99)).toBe(7)
})
