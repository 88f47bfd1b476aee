import * as fc from 'fast-check'

const units = [
  ...['a', '0000', 'd83d', '"', '\\', '\\u0000', '\n', "'", '{', '}', ',', 'ü', '😀', '\x7f'],
  ...['\0', '\x1e', '\ud83d', '\ude00', '\uFDD0', '\uFFFF'],
]

/** Texts of what databases, JSON and their escapes have trouble with, lone surrogates among it. */
export const awkwardText = fc.array(fc.constantFrom(...units), { maxLength: 8 }).map((chosen) => chosen.join(''))

/**
 * The same for keys of objects, without backslashes: V8 13.6, of Node 24, reads a key with escapes as another one that
 * it has seen before, if that has a backslash and is how the first is written (`{"\\":1}` and then `{"\"":1}`).
 */
export const awkwardKey = awkwardText.filter((key) => !key.includes('\\'))
