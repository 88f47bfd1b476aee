import fc from 'fast-check'
import { expect, it } from 'vitest'
import { theilSen } from './theil-sen.ts'

const line = (length: number, slope: number, from = 0) =>
  Array.from({ length }, (_, at) => ({ at, value: from + slope * at }))

it('gives the slope of points on a line, wherever it begins', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1_000, max: 1_000 }), fc.integer({ min: -1_000, max: 1_000 }), (slope, from) => {
      expect(theilSen(line(9, slope, from))).toBe(slope)
    }),
  )
})

it('is not moved by a quarter of points that are far off', () => {
  const points = line(20, 3).map((point, i) => (i % 4 === 0 ? { ...point, value: 1_000_000 * (i + 1) } : point))
  expect(theilSen(points)).toBeCloseTo(3)
})

it('takes the middle of two slopes when their number is even', () => {
  // slopes of pairs: 1, 2, 3, 3, 4, 5
  const points = [0, 1, 4, 9].map((value, at) => ({ at, value }))
  expect(theilSen(points)).toBe(3)
  // slopes of pairs: 0, 0.5, 1, 4/3, 2, 3
  const four = [0, 0, 1, 4].map((value, at) => ({ at, value }))
  expect(theilSen(four)).toBeCloseTo((1 + 4 / 3) / 2)
})

it('does not depend on the order of points, nor fail at two at the same time', () => {
  const points = [...line(7, 2), { at: 3, value: 6 }]
  expect(theilSen(points.toReversed())).toBe(theilSen(points))
})

it('is none for fewer than two points', () => {
  expect(theilSen([])).toBe(0)
  expect(theilSen([{ at: 1, value: 5 }])).toBe(0)
})
