import { expect, it } from 'vitest'
import { doublings } from './doubling.ts'

it('compares each size with its half inside each round and takes the median', () => {
  const rounds = [
    [10, 11, 22],
    // a round in which all was twice as slow says the same
    [20, 22, 44],
    // and one that was disturbed does not count
    [10, 90, 11],
  ]
  const [first, second] = doublings([100, 200, 400], rounds, 1.2)
  expect(first).toMatchObject({ from: 100, to: 200, isLinear: true, least: 1.1, most: 9 })
  expect(first?.ratio).toBeCloseTo(1.1)
  expect(second).toMatchObject({ from: 200, to: 400, ratio: 2, isLinear: false })
})

it('is not linear at the bound', () => {
  expect(doublings([1, 2], [[10, 12]], 1.2)[0]?.isLinear).toBe(false)
})
