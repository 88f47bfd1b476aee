import { expect, it } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

it('forgets what was not used for the longest', () => {
  const map = new BoundedMap<number>(3)
  for (const [index, key] of ['a', 'b', 'c'].entries()) map.set(key, index)
  expect(map.get('a')).toBe(0)
  map.set('d', 3)
  expect(map.size).toBe(3)
  expect(map.get('b')).toBeUndefined()
  expect([map.get('a'), map.get('c'), map.get('d')]).toEqual([0, 2, 3])
})
