import type { AuditEntry, AuditRepository, AuditRow } from '../audit-repository.ts'
import type { RunStatement, Value } from '../drivers/run-statement.ts'
import { joinJson, splitJson, toJsonb } from '../jsonb.ts'
import { queryLog } from './query-log.ts'

const names = 'action, actor, target, details, "timestamp", event_id'

const record = `
  INSERT INTO audit_logs (${names})
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], ${splitJson('$4')}::jsonb[], $5::timestamptz[], $6::uuid[])
  ON CONFLICT (event_id) DO NOTHING`

/** The audit log in Postgres. */
export function createAudit(run: RunStatement): AuditRepository {
  return {
    async record(entries) {
      if (entries.length === 0) return
      await run(record, [
        entries.map((entry) => entry.action),
        entries.map((entry) => entry.actor),
        entries.map((entry) => entry.target),
        joinJson(entries.map((entry) => toJsonb(entry.details))),
        entries.map((entry) => entry.timestamp),
        entries.map((entry) => entry.event_id),
      ])
    },
    query: ({ action, actor, target, ...range }) =>
      queryLog(run, 'audit_logs', range, { action, actor, target }, toEntry),
  }
}

/**
 * Makes one statement of a change and of its audit entry, so that there is never one without the other. `change` is an
 * INSERT, UPDATE or DELETE that returns rows; there is an entry if it returns any.
 */
export function audited(change: string, values: Value[], entry: AuditEntry | undefined): [string, Value[]] {
  if (!entry) return [change, values]
  return auditedBy('changed', `WITH changed AS (${change}) /* audited */ SELECT * FROM changed`, values, entry)
}

/**
 * The same of a change with several parts: the entry takes the place of the comment `audited` among them, and is written
 * if the part called `part` gives rows.
 */
export function auditedBy(
  part: string,
  change: string,
  values: Value[],
  entry: AuditEntry | undefined,
): [string, Value[]] {
  if (!entry) return [change, values]
  const { action, actor, target, details, timestamp, event_id } = entry
  const at = (offset: number) => `$${values.length + offset}`
  const audited = `, audited AS (
      INSERT INTO audit_logs (${names})
      SELECT ${at(1)}, ${at(2)}, ${at(3)}, ${at(4)}::jsonb, ${at(5)}::timestamptz, ${at(6)}::uuid
      WHERE EXISTS (SELECT FROM ${part})
      ON CONFLICT (event_id) DO NOTHING
    )`
  const text = change.replace('/* audited */', () => audited)
  return [text, [...values, action, actor, target, toJsonb(details), timestamp, event_id]]
}

function toEntry({ id, action, actor, target, details, timestamp, event_id }: AuditRow): AuditRow {
  return { id, action, actor, target, details, timestamp, event_id }
}
