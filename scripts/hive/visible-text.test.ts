import { expect, it } from 'vitest'
import { cut, visibleJson, visibleJsonPieces, visibleLine, visibleLines, visibleListPieces } from './visible-text.ts'

it.for([
  ['a command to the terminal', 'a\u001b[31mb', 'a\\u{1b}[31mb'],
  ['a command in one character', 'a\u009b31mb', 'a\\u{9b}31mb'],
  ['the end of a line', 'a\r\nb\u2028c', 'a\\u{d}\\u{a}b\\u{2028}c'],
  ['a change of direction', 'a\u202eb\u2066c', 'a\\u{202e}b\\u{2066}c'],
  ['a tag', 'a\u{e0041}', 'a\\u{e0041}'],
  ['half of a pair', 'a\ud83d', 'a\\u{d83d}'],
] as const)('names %s instead of writing it', ([_, text, visible]) => {
  expect(visibleLine(text)).toBe(visible)
  expect(JSON.parse(visibleJson(text))).toBe(text)
  expect(visibleJson(text)).toMatch(/^[ -~]+$/)
})

it('leaves words of every language and emoji as they are', () => {
  const text = 'Grüße, 世界, نیم‌فاصله 👩‍👩‍👧'
  expect(visibleLine(text)).toBe(text)
  expect(visibleJson(text)).toBe(`"${text}"`)
})

it('keeps lines, and of commands to the terminal only its own colours', () => {
  expect(visibleLines('a\n\u001b[1mb\u001b[22m\u001b[2J', true)).toBe('a\n\u001b[1mb\u001b[22m\\u{1b}[2J')
  expect(visibleLines('a\n\u001b[1mb', false)).toBe('a\n\\u{1b}[1mb')
})

it('cuts text between characters and says how long it was', () => {
  expect(cut('abc', 3)).toBe('abc')
  expect(cut('abcd', 3)).toBe('abc… (4 characters)')
  expect(cut('ab😀d', 3)).toBe('ab… (5 characters)')
})

it.for([
  { rows: [{ a: 'x\u009b', b: [1] }, null, undefined], more: false, none: [], nothing: {} },
  {},
  { gone: undefined },
  [1, { a: 2 }],
  'text',
])('writes JSON in pieces as it writes it at once: %j', (document) => {
  expect([...visibleJsonPieces(document)].join('')).toBe(visibleJson(document, 2))
})

it.for([{ rows: [{ a: 'x\u009b', b: [1] }, null, 2], more: false, none: [], nothing: {} }, { rows: [] }])(
  'writes a list that comes item by item as it writes it at once: %j',
  async (document) => {
    const { rows, ...others } = document
    async function* items() {
      yield* rows
    }
    let written = ''
    for await (const piece of visibleListPieces('rows', items(), () => others)) written += piece
    expect(written).toBe(visibleJson(document, 2))
  },
)
