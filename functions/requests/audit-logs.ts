import * as z from 'zod'
import { Printable } from '../../core/protocol/printable.ts'
import { paging } from './paging.ts'
import { timeRange } from './time-range.ts'

/** Query of `GET /v1/audit-logs`. */
export const AuditQuery = z.strictObject({
  action: Printable.exactOptional(),
  actor: Printable.exactOptional(),
  target: Printable.exactOptional(),
  ...timeRange,
  ...paging,
})
