import type { ConversationEvent, StatusEvent } from '../conversations-repository.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import { joinJson, splitJson, storableJson, toJsonb } from '../jsonb.ts'
import { mergeEvents } from '../merge-events.ts'

const newer = (stored: string, given: string) =>
  // at the same moment the end of a message counts more than its beginning
  `(${stored}.status_at < ${given}.status_at
    OR ${stored}.status_at = ${given}.status_at AND ${stored}.status = 'pending' AND ${given}.status <> 'pending')`

const statement = `
  WITH accepted AS MATERIALIZED (
    SELECT * FROM unnest(
      $1::uuid[], $2::text[], $3::text[], $4::text[], ${splitJson('$5')}, $6::timestamptz[], $7::text[], $8::smallint[],
      $9::text[], $10::bigint[], $11::int[], $12::text[], ${splitJson('$13')}::jsonb[]
    ) AS a (
      conversation_id, from_agent, to_agent, message_type, content, "timestamp", message_id, priority,
      status, status_at, attempts, reason, metadata
    )
  ), changes AS MATERIALIZED (
    SELECT * FROM unnest($14::text[], $15::text[], $16::text[], $17::text[], $18::bigint[], $19::int[], $20::text[])
      AS c (from_agent, message_id, to_agent, status, status_at, attempts, reason)
  ), locked AS MATERIALIZED (
    -- all in one order, before anything else: two drainers must not wait for each other
    SELECT FROM agent_conversations r JOIN (
      SELECT from_agent, message_id, to_agent FROM accepted
      UNION ALL SELECT from_agent, message_id, to_agent FROM changes
    ) k USING (from_agent, message_id, to_agent)
    ORDER BY r.from_agent, r.message_id, r.to_agent
    FOR NO KEY UPDATE OF r
  ), upserted AS (
    INSERT INTO agent_conversations AS r (
      conversation_id, from_agent, to_agent, message_type, content, "timestamp", message_id, priority,
      status, status_at, attempts, reason, metadata
    )
    SELECT * FROM accepted WHERE (SELECT count(*) FROM locked) IS NOT NULL
    ORDER BY from_agent COLLATE "C", message_id COLLATE "C", to_agent COLLATE "C"
    ON CONFLICT (from_agent, message_id, to_agent) DO UPDATE
      SET status = EXCLUDED.status, status_at = EXCLUDED.status_at, attempts = EXCLUDED.attempts, reason = EXCLUDED.reason
      WHERE ${newer('r', 'EXCLUDED')}
  )
  UPDATE agent_conversations r
    SET status = c.status, status_at = c.status_at, attempts = c.attempts, reason = c.reason
    FROM changes c
    WHERE (r.from_agent, r.message_id, r.to_agent) = (c.from_agent, c.message_id, c.to_agent)
      AND ${newer('r', 'c')} AND (SELECT count(*) FROM locked) IS NOT NULL`

/** Stores what happened to messages, in one statement. */
export async function recordConversations(
  run: RunStatement,
  accepted: ConversationEvent[],
  changes: StatusEvent[],
): Promise<void> {
  const merged = mergeEvents(accepted, changes)
  const { rows, updates } = merged
  if (rows.length + updates.length === 0) return
  const of = <E, K extends keyof E>(events: E[], name: K) => events.map((event) => event[name])
  await run(statement, [
    of(rows, 'conversation_id'),
    of(rows, 'from_agent'),
    of(rows, 'to_agent'),
    of(rows, 'message_type'),
    joinJson(rows.map((row) => storableJson(row.content))),
    of(rows, 'timestamp'),
    of(rows, 'message_id'),
    of(rows, 'priority'),
    of(rows, 'status'),
    of(rows, 'status_at'),
    of(rows, 'attempts'),
    rows.map((row) => storableReason(row.reason)),
    joinJson(rows.map((row) => toJsonb(row.metadata))),
    of(updates, 'from_agent'),
    of(updates, 'message_id'),
    of(updates, 'to_agent'),
    of(updates, 'status'),
    of(updates, 'status_at'),
    of(updates, 'attempts'),
    updates.map((update) => storableReason(update.reason)),
  ])
}

/** A reason is for people to read: one that its column does not take must not hold up the messages behind it. */
function storableReason(reason: string | null): string | null {
  return reason === null ? null : reason.slice(0, 2000).toWellFormed().replaceAll('\0', '\uFFFD')
}
