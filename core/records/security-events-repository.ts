import type { Page } from './page.ts'

/** What looked like an attack or a fault. `timestamp` is ISO 8601 with a zone; microseconds are kept. */
export type SecurityEvent = {
  event_type: string
  severity: string
  description: string
  timestamp: string
  metadata?: object | undefined
  /** UUID. The same again is the same event; a new one when absent. */
  event_id?: string | undefined
}

/** A stored event. `id` is a 64-bit integer in decimal digits. */
export type SecurityEventRow = {
  id: string
  event_type: string
  severity: string
  description: string
  metadata: object
  timestamp: string
  event_id: string
}

export type SecurityEventQuery = {
  event_type?: string | undefined
  severity?: string | undefined
  /** ISO 8601; included. */
  from?: string | undefined
  /** ISO 8601; excluded. */
  to?: string | undefined
  limit: number
  cursor?: string | undefined
}

/** All methods raise `postgres.unavailable`, and `request.unprocessable` for values that the columns do not take. */
export interface SecurityEventsRepository {
  /**
   * Stores events, and gives how many: all that are not stored already. With `most_per_minute` an event is dropped when
   * the last minute has that many of its type and of the same `of` in its metadata, whoever wrote them; callers at the same time may together go over it.
   */
  record(events: SecurityEvent[], options?: { most_per_minute?: number | undefined }): Promise<number>
  /** Newest first. A page ends at `limit` rows or about 3 MiB. Throws `cursor.invalid`. */
  query(query: SecurityEventQuery): Promise<Page<SecurityEventRow>>
}
