import * as z from 'zod'
import { Printable } from '../../core/protocol/printable.ts'
import { paging } from './paging.ts'
import { timeRange } from './time-range.ts'

/** Query of `GET /v1/security-events`. */
export const SecurityEventQuery = z.strictObject({
  event_type: Printable.describe('Only events of this type, such as `auth.failed`.').exactOptional(),
  severity: Printable.describe('Only events of this severity, such as `high`.').exactOptional(),
  ...timeRange,
  ...paging,
})
