/**
 * What acts on a terminal, or on how text is laid out, instead of being shown: control characters, line separators, marks of
 * direction, tags, and halves of surrogate pairs. Joiners stay, of which words and emoji are made.
 */
const acting = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

const named = (character: string) => `\\u{${character.codePointAt(0)?.toString(16)}}`

/** Text from anywhere on one line, in which what would act on a terminal is named instead. */
export const visibleLine = (text: string): string => text.replaceAll(acting, named)

/** The same for text of many lines, whose own colours stay if it has some. */
export const visibleLines = (text: string, hasColors: boolean): string =>
  text.replaceAll(acting, (character, at: number) => {
    if (character === '\n') return character
    return hasColors && character === '\u001b' && colorCode.test(text.slice(at + 1, at + 5))
      ? character
      : named(character)
  })

/** Those that picocolors writes for bold, dim, red and green. */
const colorCode = /^\[(?:1|2|22|31|32|39)m/

/** Text of at most so many characters, and how many there were where that are fewer. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  // half of a pair would be no character
  const end = (text.charCodeAt(most - 1) & 0xfc00) === 0xd800 ? most - 1 : most
  return `${text.slice(0, end)}… (${text.length} characters)`
}

/** JSON that is the same value and acts on no terminal. */
export const visibleJson = (value: unknown, indent?: number): string => escaped(JSON.stringify(value, null, indent))

const escaped = (json: string) =>
  json.replaceAll(acting, (character) =>
    // the layout of the JSON itself; within strings JSON has none
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, at) => unit(character.charCodeAt(at))).join(''),
  )

const unit = (code: number) => `\\u${code.toString(16).padStart(4, '0')}`

/**
 * The same in pieces, for what is too large for one string: each member of the document by itself, and each item of a member
 * that is a list.
 */
export function* visibleJsonPieces(document: unknown): Generator<string> {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    yield visibleJson(document, 2)
    return
  }
  let before = '{\n  '
  for (const [name, value] of Object.entries(document)) {
    if (value === undefined) continue
    yield `${before}${visibleJson(name)}: `
    before = ',\n  '
    if (Array.isArray(value) && value.length > 0) {
      yield '[\n    '
      for (const [at, item] of value.entries()) {
        yield `${at === 0 ? '' : ',\n    '}${itemOfList(item)}`
      }
      yield '\n  ]'
    } else yield jsonOfMember(value)
  }
  yield before.startsWith('{') ? '{}' : '\n}'
}

/**
 * The same for a document whose first member is a list that comes item by item, of which no more than one is held. What the
 * other members are is asked for behind it.
 */
export async function* visibleListPieces(
  name: string,
  items: AsyncIterable<unknown>,
  others: () => Record<string, unknown>,
): AsyncGenerator<string> {
  yield `{\n  ${visibleJson(name)}: [`
  let isEmpty = true
  for await (const item of items) {
    yield `${isEmpty ? '' : ','}\n    ${itemOfList(item)}`
    isEmpty = false
  }
  yield isEmpty ? ']' : '\n  ]'
  for (const [member, value] of Object.entries(others())) {
    yield `,\n  ${visibleJson(member)}: ${jsonOfMember(value)}`
  }
  yield '\n}'
}

const jsonOfMember = (value: unknown) => visibleJson(value, 2).replaceAll('\n', '\n  ')

const itemOfList = (item: unknown) => visibleJson(item ?? null, 2).replaceAll('\n', '\n    ')
