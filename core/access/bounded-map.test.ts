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

it('counts as used what was used or written last, also once the one before it is deleted', () => {
  const map = new BoundedMap<number>(2)
  map.set('a', 0)
  map.set('b', 1)
  expect([map.get('b'), map.get('a'), map.get('a')]).toEqual([1, 0, 0])
  map.delete('a')
  map.set('c', 2)
  map.set('b', 3)
  map.set('d', 4)
  expect([map.get('a'), map.get('b'), map.get('c'), map.get('d')]).toEqual([undefined, 3, undefined, 4])
})
