import { describe, expect, it } from 'vitest'
import { Priority } from './priority.ts'

describe('priority', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    ['LOW', 1],
    ['medium', 2],
    ['High', 3],
    ['cRiTiCaL', 4],
  ])('reads %j as %d', (given, number) => {
    expect(Priority().parse(given)).toBe(number)
  })

  it.each([0, 5, 2.5, -1, '2', 'URGENT', 'NORMAL', '', 'high ', null, true, 'constructor', '__proto__'])(
    'refuses %j',
    (given) => {
      expect(Priority().safeParse(given).success).toBe(false)
    },
  )
})
