import * as z from 'zod/mini'
import { once } from '../once.ts'

export const printablePattern = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,128}$/u

/**
 * An identifier of the sender's own: 1 to 128 printable characters (Unicode code points). No control or format
 * characters, no line or paragraph separators, no lone surrogates: stored records are joined by newlines, and an
 * identifier that shows nothing cannot be told from another in a log.
 */
export const Printable = once(() =>
  z
    .string()
    .check(
      z.regex(printablePattern, 'must be 1 to 128 printable characters'),
      z.describe('1 to 128 printable characters: no control or format characters, no line separators.'),
    ),
)
