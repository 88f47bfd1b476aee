import * as z from 'zod/mini'
import { Timestamp } from '../../core/protocol/timestamp.ts'

/** A range of time. */
export const wholeTimeRange = {
  from: Timestamp.check(z.describe('Only what is of this moment or later.')),
  to: Timestamp.check(z.describe('Only what is before this moment.')),
}

/** A range of time, open where an end is not given. */
export const timeRange = { from: z.exactOptional(wholeTimeRange.from), to: z.exactOptional(wholeTimeRange.to) }
