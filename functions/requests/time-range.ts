import { Timestamp } from '../../core/protocol/timestamp.ts'

/** A range of time, open where an end is not given: `from` is in it, `to` is not. */
export const timeRange = { from: Timestamp.exactOptional(), to: Timestamp.exactOptional() }
