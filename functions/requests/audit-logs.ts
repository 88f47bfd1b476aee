import * as z from 'zod/mini'
import { once } from '../../core/once.ts'
import { Printable } from '../../core/protocol/printable.ts'
import { paging } from './paging.ts'
import { timeRange } from './time-range.ts'

/** Query of `GET /v1/audit-logs`. */
export const AuditQuery = once(() =>
  z.strictObject({
    action: z.exactOptional(Printable().check(z.describe('Only this action, such as `agent.put`.'))),
    actor: z.exactOptional(Printable().check(z.describe('Only what this actor did.'))),
    target: z.exactOptional(Printable().check(z.describe('Only what was done to this target, such as an agent.'))),
    ...timeRange(),
    ...paging(),
  }),
)
