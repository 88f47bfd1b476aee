import * as z from 'zod'
import { page } from './page.ts'

export const MetricsWritten = z.strictObject({ written: z.int().min(1) })

const Metric = z.strictObject({
  id: z.string().regex(/^\d+$/),
  agent_name: z.string(),
  metric_type: z.string(),
  /** Null for NaN and the infinities, which JSON has no word for. */
  value: z.number().nullable(),
  timestamp: z.iso.datetime({ offset: true }),
  metadata: z.record(z.string(), z.unknown()),
  source_database: z.string().nullable(),
})

/** Newest first. */
export const MetricPage = page(Metric)

/** Each interval, agent and type that has points. */
export const MetricRollups = z.strictObject({
  buckets: z.array(
    z.strictObject({
      bucket: z.iso.datetime({ offset: true }),
      agent_name: z.string(),
      metric_type: z.string(),
      avg: z.number(),
      min: z.number(),
      max: z.number(),
      count: z.int().min(1),
      p50: z.number(),
      p95: z.number(),
      p99: z.number(),
    }),
  ),
})
