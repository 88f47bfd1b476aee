import * as z from 'zod'

/** How many records one call brought; the rebuild is done when `next_cursor` is null. */
export const RebuiltProjection = z
  .strictObject({
    agents: z.int().min(0),
    keys: z.int().min(0),
    capabilities: z.int().min(0),
    subscriptions: z.int().min(0),
    next_cursor: z.string().nullable().describe('Where the next call goes on; null when all is there.'),
  })
  .describe('How many records were brought.')
