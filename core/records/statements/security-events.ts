import { randomUUID } from 'node:crypto'
import type { RunStatement } from '../drivers/run-statement.ts'
import { joinJson, splitJson, toJsonb } from '../jsonb.ts'
import type { SecurityEvent, SecurityEventRow, SecurityEventsRepository } from '../security-events-repository.ts'
import { queryLog } from './query-log.ts'

const record = `
  WITH given AS (
    SELECT * FROM unnest(
      $1::text[], $2::text[], $3::text[], ${splitJson('$4')}::jsonb[], $5::timestamptz[], $6::uuid[]
    ) AS g (event_type, severity, description, metadata, "timestamp", event_id)
  ), inserted AS (
    INSERT INTO security_events (event_type, severity, description, metadata, "timestamp", event_id)
    SELECT * FROM given
    WHERE $7::int IS NULL OR $7 > (
      SELECT count(*) FROM (
        SELECT FROM security_events e
        WHERE e.event_type = given.event_type AND e."timestamp" > now() - interval '1 minute'
          AND e.metadata->>'of' IS NOT DISTINCT FROM given.metadata->>'of' LIMIT $7
      ) recent
    )
    ON CONFLICT (event_id) DO NOTHING
    RETURNING event_id
  )
  SELECT count(*)::int AS count FROM inserted`

/** Security events in Postgres. */
export function createSecurityEvents(run: RunStatement): SecurityEventsRepository {
  return {
    async record(events: SecurityEvent[], { most_per_minute } = {}) {
      if (events.length === 0) return 0
      const [row] = await run<{ count: number }>(record, [
        events.map((event) => event.event_type),
        events.map((event) => event.severity),
        events.map((event) => event.description),
        joinJson(events.map((event) => toJsonb(event.metadata ?? {}))),
        events.map((event) => event.timestamp),
        events.map((event) => event.event_id ?? randomUUID()),
        most_per_minute ?? null,
      ])
      return row?.count ?? 0
    },
    query: ({ event_type, severity, ...range }) =>
      queryLog(run, 'security_events', range, { event_type, severity }, toEvent),
  }
}

function toEvent(row: SecurityEventRow): SecurityEventRow {
  const { id, event_type, severity, description, metadata, timestamp, event_id } = row
  return { id, event_type, severity, description, metadata, timestamp, event_id }
}
