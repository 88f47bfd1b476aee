import * as z from 'zod/mini'
import { once } from '../../core/once.ts'
import { Timestamp } from '../../core/protocol/timestamp.ts'

/** A range of time. */
export const wholeTimeRange = once(() => ({
  from: Timestamp().check(z.describe('Only what is of this moment or later.')),
  to: Timestamp().check(z.describe('Only what is before this moment.')),
}))

/** A range of time, open where an end is not given. */
export const timeRange = once(() => ({
  from: z.exactOptional(wholeTimeRange().from),
  to: z.exactOptional(wholeTimeRange().to),
}))
