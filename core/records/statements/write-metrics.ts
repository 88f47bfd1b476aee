import type { RunStatement } from '../drivers/run-statement.ts'
import { joinJson, splitJson, toJsonb } from '../jsonb.ts'
import type { MetricPoint } from '../metrics-repository.ts'

/** One in so many writes forgets old keys, twice as many as came in since. */
const writesPerCleaning = 64

const insert = `
  WITH write AS (
    INSERT INTO metric_writes AS w (key, points) VALUES ($1, $2)
    ON CONFLICT (key) DO UPDATE SET points = w.points
    RETURNING points, (xmax = 0) AS is_new
  ), inserted AS (
    INSERT INTO agent_metrics (agent_name, metric_type, value, "timestamp", metadata, source_database)
    SELECT * FROM unnest(
      $3::text[], $4::text[], $5::float8[], $6::timestamptz[], ${splitJson('$7')}::jsonb[], $8::text[]
    )
    WHERE (SELECT is_new FROM write)
  )`
const forget = `, forgotten AS (
    DELETE FROM metric_writes WHERE key IN (
      SELECT key FROM metric_writes WHERE written_at < now() - interval '1 day'
      ORDER BY written_at LIMIT ${2 * writesPerCleaning} FOR UPDATE SKIP LOCKED
    )
  )`
const answer = ' SELECT points FROM write'
const plain = insert + answer
const cleaning = insert + forget + answer

/**
 * Inserts points under a key, or finds that the key has been used. Gives the number of points under the key.
 * Some writes also forget keys of the day before.
 */
export async function writeMetrics(
  run: RunStatement,
  points: MetricPoint[],
  key: string,
  forgets = Math.random() * writesPerCleaning < 1,
): Promise<number> {
  if (points.length === 0) return 0
  const [row] = await run<{ points: number }>(forgets ? cleaning : plain, [
    key,
    points.length,
    points.map((point) => point.agent_name),
    points.map((point) => point.metric_type),
    points.map((point) => (Object.is(point.value, -0) ? '-0' : String(point.value))),
    points.map((point) => point.timestamp),
    joinJson(points.map((point) => toJsonb(point.metadata ?? {}))),
    points.map((point) => point.source_database ?? null),
  ])
  return row?.points ?? points.length
}
