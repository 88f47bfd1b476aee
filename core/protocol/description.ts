import * as z from 'zod/mini'
import { once } from '../once.ts'

/**
 * Text for people: up to 10,000 characters. No control characters but new lines and tabs, no lone surrogates, and nothing
 * that turns the direction of the text after it, which hides what it says. Marks and joiners are part of some languages.
 */
export const Description = once(() =>
  z
    .string()
    .check(
      z.regex(
        /^(?:[\n\t]|[^\p{Control}\p{Cs}\u202a-\u202e\u2066-\u2069]){0,10000}$/u,
        'must be text of at most 10,000 characters, without control characters but new lines and tabs, and without those that turn its direction',
      ),
    ),
)
