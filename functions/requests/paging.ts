import * as z from 'zod/mini'
import { once } from '../../core/once.ts'
import { readDigits } from '../../core/protocol/digits.ts'

/** A whole number as a query has it, in digits and within bounds. */
export const wholeNumber = (least: number, most: number, description: string) =>
  z
    .pipe(
      z.transform(readDigits),
      z.int(`must be a whole number from ${least} to ${most}`).check(z.minimum(least), z.maximum(most)),
    )
    .check(z.describe(description))

/** Where a list or a piece of work goes on. */
export const cursor = (description: string) =>
  z.exactOptional(z.string().check(z.minLength(1), z.maxLength(2_048), z.describe(description)))

/** How many items a page has at most, and where it starts: after the page that gave the cursor. */
export const paging = once(() => ({
  limit: z.prefault(wholeNumber(1, 1_000, 'How many items the page has at most.'), 100),
  cursor: cursor('The `next_cursor` of the page before; the first page unless given.'),
}))

/** Query of a list without filters. */
export const PageQuery = once(() => z.strictObject(paging()))
