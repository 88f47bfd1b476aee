import * as z from 'zod'

export const Health = z
  .strictObject({
    status: z.literal('ok'),
    stage: z.string(),
    redis: z.literal('ok'),
    postgres: z.literal('ok'),
  })
  .describe('All that the hive stands on answers.')
