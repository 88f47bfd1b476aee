import * as z from 'zod'
import { page } from './page.ts'

/** Newest first. */
export const AuditPage = page(
  z.strictObject({
    id: z.string().regex(/^\d+$/),
    action: z.string(),
    actor: z.string(),
    target: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
    timestamp: z.iso.datetime({ offset: true }),
    event_id: z.uuid(),
  }),
)
