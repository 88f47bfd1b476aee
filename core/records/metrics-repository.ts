import type { Page } from './page.ts'

/** One measurement of an agent. `timestamp` is ISO 8601 with a zone; microseconds are kept. */
export type MetricPoint = {
  agent_name: string
  metric_type: string
  /** Any double. NaN and the infinities are stored too; HTTP, whose JSON has no word for them, refuses them. */
  value: number
  timestamp: string
  metadata?: object | undefined
  source_database?: string | null | undefined
}

/** A stored measurement. `id` is a 64-bit integer in decimal digits, which a JavaScript number cannot always hold. */
export type MetricRow = {
  id: string
  agent_name: string
  metric_type: string
  value: number
  timestamp: string
  metadata: object
  source_database: string | null
}

/** What the measurements of one series in one interval amount to; percentiles are interpolated. */
export type MetricRollup = {
  /** Start of the interval. Intervals are counted from 1970-01-01T00:00:00Z. */
  bucket: string
  agent_name: string
  metric_type: string
  avg: number
  min: number
  max: number
  count: number
  p50: number
  p95: number
  p99: number
}

/** By what a write is known when it comes again. */
export type WriteKey = {
  key: string
  /** Of what is written. Null is like any other. */
  digest: string | null
}

export type MetricFilter = {
  agent_name?: string | undefined
  metric_type?: string | undefined
}

export type MetricQuery = MetricFilter & {
  /** ISO 8601; included. */
  from?: string | undefined
  /** ISO 8601; excluded. */
  to?: string | undefined
  limit: number
  cursor?: string | undefined
}

export type RollupQuery = MetricFilter & { from: string; to: string; interval_seconds: number }

/** All methods raise `postgres.unavailable`, and `request.unprocessable` for values that the columns do not take. */
export interface MetricsRepository {
  /**
   * Stores points, all or none, and gives their number. A write with the key of an earlier one (of the last day) is
   * that write again: it adds nothing. Throws `metrics.conflict` when that one had another digest.
   */
  write(points: MetricPoint[], known?: WriteKey): Promise<number>
  /** Newest first. A page ends at `limit` rows or about 3 MiB of metadata. Throws `cursor.invalid`. */
  query(query: MetricQuery): Promise<Page<MetricRow>>
  /** By interval, agent and type. Throws `request.unprocessable` for more than 10,000 rows. */
  rollup(query: RollupQuery): Promise<MetricRollup[]>
}
