import * as z from 'zod'
import { page } from './page.ts'

export const SecurityEvent = z.strictObject({
  id: z.string().regex(/^\d+$/),
  event_type: z.string(),
  severity: z.string(),
  description: z.string(),
  metadata: z.record(z.string(), z.unknown()).describe('`unrecorded`: how many like it were left out before it.'),
  timestamp: z.iso.datetime({ offset: true }),
  event_id: z.uuid(),
})

export const SecurityEventPage = page(SecurityEvent).describe('Security events, newest first.')
