import { HiveError } from '../../errors.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import { joinJson, toJsonb } from '../jsonb.ts'
import type { MetricPoint, WriteKey } from '../metrics-repository.ts'

/** One in so many writes forgets old keys, twice as many as came in since. */
const writesPerCleaning = 64

/** What the statement gives instead of a number of points when the key has another digest. */
const conflict = -1

const statement = `SELECT write_metrics(
  $1, $2::text[], $3::text[], $4::float8[], $5::timestamptz[], $6, $7::text[], $8, $9
) AS points`

/**
 * Inserts points under a key, or finds that the key has been used. Gives the number of points under the key.
 * Some writes also forget keys of the day before. Throws `metrics.conflict` when the key is that of other points.
 */
export async function writeMetrics(
  run: RunStatement,
  points: MetricPoint[],
  { key, digest }: WriteKey,
  forgets = Math.random() * writesPerCleaning < 1,
): Promise<number> {
  if (points.length === 0) return 0
  const [row] = await run<{ points: number }>(statement, [
    key,
    points.map((point) => point.agent_name),
    points.map((point) => point.metric_type),
    points.map((point) => (Object.is(point.value, -0) ? '-0' : String(point.value))),
    points.map((point) => point.timestamp),
    joinJson(points.map((point) => toJsonb(point.metadata ?? {}))),
    points.map((point) => point.source_database ?? null),
    forgets,
    digest,
  ])
  if (row?.points === conflict) {
    throw new HiveError('metrics.conflict', 'Nothing was written: the Idempotency-Key is that of other points.', {
      errors: [{ field: 'Idempotency-Key', message: 'was used before for other points', code: 'metrics.conflict' }],
    })
  }
  return row?.points ?? points.length
}
