import * as z from 'zod'

/** Body of `POST /v1/projection/rebuild`: how many records one call brings, and where it goes on. */
export const RebuildProjection = z
  .strictObject({
    limit: z.int().min(1).max(1_000).describe('How many records this call brings at most.').default(500),
    cursor: z.string().min(1).max(2_048).describe('The `next_cursor` of the call before.').exactOptional(),
  })
  .describe('How much one call brings, and where it goes on.')
