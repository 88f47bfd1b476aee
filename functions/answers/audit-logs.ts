import * as z from 'zod'
import { page } from './page.ts'

export const AuditEntry = z.strictObject({
  id: z.string().regex(/^\d+$/),
  action: z.string(),
  actor: z.string(),
  target: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
  timestamp: z.iso.datetime({ offset: true }),
  event_id: z.uuid(),
})

export const AuditPage = page(AuditEntry).describe('Entries of the audit log, newest first.')
