import { expect, it } from 'vitest'
import { createRandom } from '../../test/random.ts'
import { poissonArrivals } from './poisson.ts'

const arrivals = (rate: number, seconds: number, seed = 1) => poissonArrivals(rate, seconds, createRandom(seed).next)
const gapsOf = (due: number[]) => due.slice(1).map((at, i) => at - (due[i] ?? 0))
const mean = (list: number[]) => list.reduce((sum, one) => sum + one, 0) / list.length
const variance = (list: number[]) => {
  const middle = mean(list)
  return mean(list.map((one) => (one - middle) ** 2))
}

it('comes in order and inside the time', () => {
  const due = arrivals(200, 10)
  expect(gapsOf(due).every((gap) => gap >= 0)).toBe(true)
  expect(due.every((at) => at >= 0 && at < 10_000)).toBe(true)
})

it('comes as often as it should, for any rate', () => {
  for (const rate of [1, 50, 1_000]) {
    const seconds = 20_000 / rate
    // the standard deviation of such a number is its root, 141
    expect(Math.abs(arrivals(rate, seconds).length - 20_000)).toBeLessThan(4 * 141)
  }
})

it('comes at random: gaps vary as much as they are long, and the number in a second as much as it is', () => {
  const due = arrivals(100, 500)
  const gaps = gapsOf(due)
  expect(Math.sqrt(variance(gaps)) / mean(gaps)).toBeCloseTo(1, 1)
  const counts = Array.from({ length: 500 }, () => 0)
  for (const at of due) counts[Math.floor(at / 1_000)] = (counts[Math.floor(at / 1_000)] ?? 0) + 1
  expect(variance(counts) / mean(counts)).toBeGreaterThan(0.75)
  expect(variance(counts) / mean(counts)).toBeLessThan(1.25)
})

it('is the same for the same seed, and another one for another', () => {
  expect(arrivals(10, 10)).toEqual(arrivals(10, 10))
  expect(arrivals(10, 10, 2)).not.toEqual(arrivals(10, 10, 1))
})
