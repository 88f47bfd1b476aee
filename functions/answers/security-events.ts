import * as z from 'zod'
import { page } from './page.ts'

/** Newest first. */
export const SecurityEventPage = page(
  z.strictObject({
    id: z.string().regex(/^\d+$/),
    event_type: z.string(),
    severity: z.string(),
    description: z.string(),
    metadata: z.record(z.string(), z.unknown()),
    timestamp: z.iso.datetime({ offset: true }),
    event_id: z.uuid(),
  }),
)
