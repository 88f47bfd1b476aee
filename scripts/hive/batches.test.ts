import { expect, it } from 'vitest'
import { batches } from './batches.ts'

async function sizes(texts: string[]): Promise<number[]> {
  const found: number[] = []
  for await (const batch of batches(texts, (text) => text)) found.push(batch.length)
  return found
}

it('groups by a hundred and keeps the order', async () => {
  const numbers = Array.from({ length: 250 }, (_, index) => index)
  const found: number[][] = []
  for await (const batch of batches(numbers, (number) => number)) found.push(batch)
  expect(found.map(({ length }) => length)).toEqual([100, 100, 50])
  expect(found.flat()).toEqual(numbers)
})

it('starts a new request before the bytes of one are too many', async () => {
  const megabyte = 'x'.repeat(1024 * 1024)
  expect(await sizes([megabyte, megabyte, megabyte, megabyte, 'small'])).toEqual([3, 2])
})

it('counts bytes, not characters', async () => {
  const megabyte = '世'.repeat(Math.ceil((1024 * 1024) / 3))
  expect(await sizes([megabyte, megabyte, megabyte, megabyte])).toEqual([3, 1])
})

it('sends what no request can hold alone, for the hive to refuse by name', async () => {
  expect(await sizes(['a', 'x'.repeat(5 * 1024 * 1024), 'b'])).toEqual([1, 1, 1])
})

it('has no request for nothing', async () => {
  expect(await sizes([])).toEqual([])
})
