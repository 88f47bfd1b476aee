import * as z from 'zod'
import { Printable } from '../../core/protocol/printable.ts'
import { paging } from './paging.ts'
import { timeRange } from './time-range.ts'

/** Query of `GET /v1/audit-logs`. */
export const AuditQuery = z.strictObject({
  action: Printable.describe('Only this action, such as `agent.put`.').exactOptional(),
  actor: Printable.describe('Only what this actor did.').exactOptional(),
  target: Printable.describe('Only what was done to this target, such as an agent.').exactOptional(),
  ...timeRange,
  ...paging,
})
