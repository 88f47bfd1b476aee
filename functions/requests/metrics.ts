import * as z from 'zod'
import { HiveError } from '../../core/errors.ts'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { fieldErrors } from '../../core/protocol/field-errors.ts'
import { Printable } from '../../core/protocol/printable.ts'
import { Timestamp } from '../../core/protocol/timestamp.ts'
import type { MetricPoint as Point } from '../../core/records/metrics-repository.ts'
import { paging } from './paging.ts'
import { timeRange } from './time-range.ts'

/** One measurement; without a timestamp it is of now. */
export const MetricPoint = z
  .strictObject({
    agent_name: AgentName.describe('Whom the point is about; it need not be registered.'),
    metric_type: Printable.describe('What was measured, such as `latency_ms`.'),
    value: z.number(),
    timestamp: Timestamp.describe('When it was measured; now unless given.').exactOptional(),
    metadata: z.record(z.string(), z.unknown()).exactOptional(),
    source_database: Printable.nullable().describe('Where the point was copied from.').exactOptional(),
  })
  .describe('One measurement.')

/** Body of `POST /v1/metrics`: many points, or one bare. */
export const MetricPoints = z.strictObject({ points: z.array(MetricPoint).min(1).max(5_000) })

const filters = {
  agent_name: AgentName.describe('Only points of this agent.').exactOptional(),
  metric_type: Printable.describe('Only points of this type.').exactOptional(),
}

/** Query of `GET /v1/metrics`: newest first, from (included) to (excluded). */
export const MetricQuery = z.strictObject({
  ...filters,
  ...timeRange,
  ...paging,
})

/** Query of `GET /v1/metrics/rollup`. */
export const RollupQuery = z.strictObject({
  ...filters,
  from: timeRange.from.unwrap(),
  to: timeRange.to.unwrap(),
  interval_seconds: z.coerce
    .number<string>('must be a whole number')
    .int()
    .min(1)
    .max(31_536_000)
    .describe('Length of an interval, counted from the start of 1970. At most 10,000 rows are answered.'),
})

/**
 * The points of a body: `{points: […]}` or one bare point. Each gets a timestamp; `path` is where one stands.
 * Throws `request.invalid` naming every fault of every point.
 */
export function readPoints(body: unknown, now: number): { points: Point[]; path: (index: number) => string } {
  const many = typeof body === 'object' && body !== null && 'points' in body
  const parsed = many ? MetricPoints.safeParse(body) : MetricPoint.safeParse(body)
  if (!parsed.success) {
    throw new HiveError('request.invalid', 'The points are not valid; see errors.', {
      errors: fieldErrors(parsed.error),
    })
  }
  const points = 'points' in parsed.data ? parsed.data.points : [parsed.data]
  const missing = new Date(now).toISOString()
  return {
    points: points.map(({ timestamp = missing, ...point }) => ({ ...point, timestamp })),
    path: (index) => (many ? `points[${index}].` : ''),
  }
}
