import * as z from 'zod/mini'
import { HiveError } from '../../core/errors.ts'
import { once } from '../../core/once.ts'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { fieldErrors } from '../../core/protocol/field-errors.ts'
import { parse } from '../../core/protocol/parse.ts'
import { Printable } from '../../core/protocol/printable.ts'
import { Timestamp } from '../../core/protocol/timestamp.ts'
import type { MetricPoint as Point } from '../../core/records/metrics-repository.ts'
import { paging, wholeNumber } from './paging.ts'
import { timeRange, wholeTimeRange } from './time-range.ts'

/** One measurement; without a timestamp it is of now. */
export const MetricPoint = once(() =>
  z
    .strictObject({
      agent_name: AgentName().check(z.describe('Whom the point is about; it need not be registered.')),
      metric_type: Printable().check(z.describe('What was measured, such as `latency_ms`.')),
      value: z.number(),
      timestamp: z.exactOptional(Timestamp().check(z.describe('When it was measured; now unless given.'))),
      metadata: z.exactOptional(z.record(z.string(), z.unknown())),
      source_database: z.exactOptional(z.nullable(Printable()).check(z.describe('Where the point was copied from.'))),
    })
    .check(z.describe('One measurement.')),
)

/** Body of `POST /v1/metrics`: many points, or one bare. */
export const MetricPoints = once(() =>
  z.strictObject({ points: z.array(MetricPoint()).check(z.minLength(1), z.maxLength(5_000)) }),
)

const filters = once(() => ({
  agent_name: z.exactOptional(AgentName().check(z.describe('Only points of this agent.'))),
  metric_type: z.exactOptional(Printable().check(z.describe('Only points of this type.'))),
}))

/** Query of `GET /v1/metrics`: newest first, from (included) to (excluded). */
export const MetricQuery = once(() =>
  z.strictObject({
    ...filters(),
    ...timeRange(),
    ...paging(),
  }),
)

/** Query of `GET /v1/metrics/rollup`. */
export const RollupQuery = once(() =>
  z.strictObject({
    ...filters(),
    ...wholeTimeRange(),
    interval_seconds: wholeNumber(
      1,
      31_536_000,
      'Length of an interval, counted from the start of 1970. More than 10,000 rows are refused.',
    ),
  }),
)

/**
 * The points of a body: `{points: […]}` or one bare point. Each gets a timestamp; `path` is where one stands.
 * Throws `request.invalid` naming every fault of every point.
 */
export function readPoints(body: unknown, now: number): { points: Point[]; path: (index: number) => string } {
  const many = typeof body === 'object' && body !== null && 'points' in body
  const parsed = many ? parse(MetricPoints(), body) : parse(MetricPoint(), body)
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
