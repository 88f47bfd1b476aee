import * as z from 'zod'
import { page } from './page.ts'

const moment = z.iso.datetime({ offset: true })

export const MetricsWritten = z
  .strictObject({ written: z.int().min(1) })
  .describe('How many points are written under this request.')

export const Metric = z.strictObject({
  id: z.string().regex(/^\d+$/),
  agent_name: z.string(),
  metric_type: z.string(),
  value: z.number().nullable().describe('Null for NaN and the infinities, which JSON has no word for.'),
  timestamp: moment,
  metadata: z.record(z.string(), z.unknown()),
  source_database: z.string().nullable(),
})

export const MetricPage = page(Metric).describe('Points, newest first.')

export const MetricRollup = z.strictObject({
  bucket: moment.describe('The start of the interval.'),
  agent_name: z.string(),
  metric_type: z.string(),
  avg: z.number(),
  min: z.number(),
  max: z.number(),
  count: z.int().min(1),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
})

export const MetricRollups = z
  .strictObject({ buckets: z.array(MetricRollup) })
  .describe('Each interval, agent and type that has points.')
