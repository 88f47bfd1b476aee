import * as z from 'zod'

/** Text for people: up to 10,000 characters of any kind that a database keeps, so no U+0000 and no lone surrogates. */
export const Description = z
  .string()
  .regex(/^[^\0\p{Cs}]{0,10000}$/u, 'must be text of at most 10,000 characters, without U+0000')
