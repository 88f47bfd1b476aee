import { Timestamp } from '../../core/protocol/timestamp.ts'

/** A range of time, open where an end is not given. */
export const timeRange = {
  from: Timestamp.describe('Only what is of this moment or later.').exactOptional(),
  to: Timestamp.describe('Only what is before this moment.').exactOptional(),
}
