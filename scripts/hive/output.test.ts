import { expect, it } from 'vitest'
import { sheet, shown, table } from './output.ts'

it('aligns columns and shows what is empty as a dash', () => {
  const drawn = table(
    ['NAME', 'COUNT', 'WHY'],
    [
      ['planner', 3, null],
      ['a much longer name', 12_345, 'full'],
    ],
  )
  expect(drawn.split('\n')).toEqual([
    'NAME                COUNT  WHY',
    'planner             3      -',
    'a much longer name  12345  full',
  ])
})

it('writes one thing as names and values, without those it does not have', () => {
  expect(sheet({ name: 'planner', 'signing secret': undefined, endpoint: null })).toBe(
    ['name            planner', 'endpoint        -'].join('\n'),
  )
})

it('keeps each row on its line and its width within bounds, whatever its cells hold', () => {
  const drawn = table(
    ['NAME', 'VALUE'],
    [
      ['a\nb\u001b[2J', 'x'.repeat(20_000_000)],
      ['c', 'short'],
    ],
  )
  const lines = drawn.split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[1]).toBe(`a\\u{a}b\\u{1b}[2J  ${'x'.repeat(400)}… (20000000 characters)`)
  expect(lines[2]).toMatch(/^c +short$/)
})

it('shows the beginning of a large value and how large it is', () => {
  expect(shown('x'.repeat(17_000_000))).toBe(`${'x'.repeat(80)}… (17000000 characters)`)
  expect(shown({ $blob: 'A'.repeat(1000) })).toBe(`{"$blob":"${'A'.repeat(70)}… (1012 characters)`)
})

it('names in one thing looked at what would act on a terminal', () => {
  expect(sheet({ endpoint: 'https://a.example/\u009b2J' })).toBe('endpoint  https://a.example/\\u{9b}2J')
})

it('shows nested values as JSON', () => {
  expect([shown('text'), shown(null), shown({ a: [1] }), shown(2.5)]).toEqual(['text', '', '{"a":[1]}', '2.5'])
})
