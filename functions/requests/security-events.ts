import * as z from 'zod/mini'
import { once } from '../../core/once.ts'
import { Printable } from '../../core/protocol/printable.ts'
import { paging } from './paging.ts'
import { timeRange } from './time-range.ts'

/** Query of `GET /v1/security-events`. */
export const SecurityEventQuery = once(() =>
  z.strictObject({
    event_type: z.exactOptional(Printable().check(z.describe('Only events of this type, such as `auth.failed`.'))),
    severity: z.exactOptional(Printable().check(z.describe('Only events of this severity, such as `high`.'))),
    ...timeRange(),
    ...paging(),
  }),
)
