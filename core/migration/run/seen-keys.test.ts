import { expect, it } from 'vitest'
import { SeenKeys } from './seen-keys.ts'

it('knows each key that was there before, however many there are', () => {
  const keys = new SeenKeys()
  const all = Array.from({ length: 20_000 }, (_, at) => `key ${at}`)
  expect(all.filter((key) => keys.seen(key))).toEqual([])
  expect(all.every((key) => keys.seen(key))).toBe(true)
  expect(keys.isFull).toBe(false)
})

it('says that it is full, and knows what it holds still', () => {
  const keys = new SeenKeys(8)
  expect(['a', 'b', 'c', 'd'].map((key) => keys.seen(key))).toEqual([false, false, false, false])
  expect(keys.isFull).toBe(false)
  expect(['e', 'e', 'a', 'd'].map((key) => keys.seen(key))).toEqual([false, false, true, true])
  expect(keys.isFull).toBe(true)
})
