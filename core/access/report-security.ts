import type { Hive } from '../hive.ts'

/** Something that people who watch over a hive want to know. Nothing in it is a secret. */
export type SecurityEvent = {
  event_type: 'authentication_failed' | 'scope_violation' | 'rate_limited'
  /** The key, where one is known. */
  key_id?: string
  agent?: string | null
  detail: string
  request_id: string
  route: string
  source_ip: string
}

/** Tells of a security event. Never throws and never waits: a request must not depend on it. */
export function reportSecurity(hive: Hive, event: SecurityEvent): void {
  hive.log.warn('security', event)
}
