import { describe, expect, it } from 'vitest'
import { Printable } from './printable.ts'

describe('printable identifiers', () => {
  it.each(['x', 'order 66', 'aufgabe-größe', '日本', '\u{1f41d}'.repeat(128), 'a/b?c=d&e#f', '{a}:b', '-0', '"'])(
    'accepts %j',
    (text) => {
      expect(Printable().safeParse(text).success).toBe(true)
    },
  )

  it.each([
    '',
    'a\n',
    '\n',
    'a\u0000b',
    '\u007f',
    '\u0085',
    'zero\u200bwidth',
    'bidi\u202e',
    'line\u2028',
    'lone\ud800',
    'x'.repeat(129),
  ])('refuses %j', (text) => {
    expect(Printable().safeParse(text).success).toBe(false)
  })
})
