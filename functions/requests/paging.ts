import * as z from 'zod'

/** How many items a page has at most, and where it starts: after the page that gave the cursor. */
export const paging = {
  limit: z.coerce
    .number<string>('must be a whole number')
    .int()
    .min(1)
    .max(1_000)
    .describe('How many items the page has at most.')
    .default(100),
  cursor: z
    .string()
    .min(1)
    .max(2_048)
    .describe('The `next_cursor` of the page before; the first page unless given.')
    .exactOptional(),
}

/** Query of a list without filters. */
export const PageQuery = z.strictObject(paging)
