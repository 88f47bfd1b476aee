import type { Page } from './page.ts'

/** Something that an administrator did, or the hive in their place. `timestamp` is ISO 8601 with a zone. */
export type AuditEntry = {
  /** What was done, such as `agent.put`. */
  action: string
  actor: string
  /** What it was done to, such as an agent's name. */
  target: string | null
  details: object
  timestamp: string
  /** UUID. The same again is the same entry. */
  event_id: string
}

/** A stored entry. `id` is a 64-bit integer in decimal digits. */
export type AuditRow = AuditEntry & { id: string }

export type AuditQuery = {
  action?: string | undefined
  actor?: string | undefined
  target?: string | undefined
  /** ISO 8601; included. */
  from?: string | undefined
  /** ISO 8601; excluded. */
  to?: string | undefined
  limit: number
  cursor?: string | undefined
}

/** All methods raise `postgres.unavailable`, and `request.unprocessable` for values that the columns do not take. */
export interface AuditRepository {
  /** Stores entries, all or none. */
  record(entries: AuditEntry[]): Promise<void>
  /** Newest first. A page ends at `limit` rows or about 3 MiB. Throws `cursor.invalid`. */
  query(query: AuditQuery): Promise<Page<AuditRow>>
}
