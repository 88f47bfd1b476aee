import * as z from 'zod'

/** 14 days, the longest that a message may wait. */
export const longestTtlSeconds = 1_209_600

/** Whole seconds that a message may wait from its acceptance on, any delay included. */
export const Ttl = z
  .int()
  .min(1)
  .max(longestTtlSeconds)
  .describe('Seconds that it may wait from its acceptance on, any delay included.')
