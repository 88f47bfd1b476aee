import * as z from 'zod/mini'
import { once } from '../once.ts'

/** Text for people: up to 10,000 characters. No control characters but new lines and tabs, and no lone surrogates. */
export const Description = once(() =>
  z
    .string()
    .check(
      z.regex(
        /^(?:[\n\t]|[^\p{Control}\p{Cs}]){0,10000}$/u,
        'must be text of at most 10,000 characters, without control characters but new lines and tabs',
      ),
    ),
)
