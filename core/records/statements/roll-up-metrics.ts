import { HiveError } from '../../errors.ts'
import type { RunStatement, Value } from '../drivers/run-statement.ts'
import type { MetricRollup, RollupQuery } from '../metrics-repository.ts'
import { toIso } from '../moment.ts'

const mostRows = 10_000

type Row = Omit<MetricRollup, 'p50' | 'p95' | 'p99'> & { percentiles: [number, number, number] }

// Postgres's avg() overflows for doubles beyond 1e154, and one such value would make every roll-up over it fail. So the
// sum is taken of values scaled down by a power of two, which changes no digit; values that would vanish count as 0.
const scale = '1099511627776'
const average = `sum(CASE WHEN abs(value) < 1e-290 THEN 0 ELSE value / ${scale} END) / count(*) * ${scale}`

/** Averages, extremes and percentiles of each series in each interval of the range. */
export async function rollUpMetrics(run: RunStatement, query: RollupQuery): Promise<MetricRollup[]> {
  const values: Value[] = [query.interval_seconds, query.from, query.to]
  const bind = (value: Value) => `$${values.push(value)}`
  const conditions = ['"timestamp" >= $2::timestamptz', '"timestamp" < $3::timestamptz']
  if (query.agent_name !== undefined) conditions.push(`agent_name = ${bind(query.agent_name)}`)
  if (query.metric_type !== undefined) conditions.push(`metric_type = ${bind(query.metric_type)}`)
  const rows = await run<Row>(
    `SELECT date_bin(make_interval(secs => $1::float8), "timestamp", 'epoch'::timestamptz) AS bucket,
       agent_name, metric_type, ${average} AS avg, min(value) AS min, max(value) AS max, count(*)::float8 AS count,
       percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY value) AS percentiles
     FROM agent_metrics WHERE ${conditions.join(' AND ')}
     GROUP BY bucket, agent_name, metric_type ORDER BY bucket, agent_name, metric_type LIMIT ${mostRows + 1}`,
    values,
  )
  if (rows.length > mostRows) {
    throw new HiveError('request.unprocessable', `The roll-up has more than ${mostRows} rows.`, {
      errors: [{ field: 'interval_seconds', message: 'must be longer, or the range shorter, or the filter narrower' }],
    })
  }
  return rows.map(({ percentiles: [p50, p95, p99], bucket, ...row }) => ({
    bucket: toIso(bucket) ?? bucket,
    ...row,
    p50,
    p95,
    p99,
  }))
}
