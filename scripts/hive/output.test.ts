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

it('shows nested values as JSON', () => {
  expect([shown('text'), shown(null), shown({ a: [1] }), shown(2.5)]).toEqual(['text', '', '{"a":[1]}', '2.5'])
})
