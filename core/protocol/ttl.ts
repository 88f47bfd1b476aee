import * as z from 'zod/mini'
import { once } from '../once.ts'

/** 14 days, the longest that a message may wait. */
export const longestTtlSeconds = 1_209_600

/** An hour, where a sender says nothing. */
export const unsaidTtlSeconds = 3600

/** Whole seconds that a message may wait from its acceptance on, any delay included. */
export const Ttl = once(() =>
  z
    .int()
    .check(
      z.minimum(1),
      z.maximum(longestTtlSeconds),
      z.describe('Seconds that it may wait from its acceptance on, any delay included.'),
    ),
)
