import { describe, expect, it } from 'vitest'
import { Description } from './description.ts'

const isTaken = (text: string) => Description().safeParse(text).success

describe('a description', () => {
  it.each(['', 'two\nlines,\ta tab', '👩‍🚀 family', 'می‌خواهم', 'עברית\u200f!', 'x'.repeat(10_000)])(
    'may be %j',
    (text) => {
      expect(isTaken(text)).toBe(true)
    },
  )

  it.each([
    'a\u001b[31m',
    'a\u0007',
    'a\u0085',
    'a\r\nb',
    'a\ud800',
    '\u202egnp.exe',
    'a\u202a',
    'a\u2066b\u2069',
    'x'.repeat(10_001),
  ])('must not be %j', (text) => {
    expect(isTaken(text)).toBe(false)
  })
})
