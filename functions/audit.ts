import { auditInboxes } from '../core/delivery/audit-inboxes.ts'
import { scheduled } from './scheduled.ts'

/** Each hour: a part of the inboxes is checked for messages that are missing or too many. */
export const handler = scheduled(auditInboxes)
