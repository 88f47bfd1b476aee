import * as z from 'zod'
import { http, on } from './http.ts'
import { idempotencyKey } from './idempotency-key.ts'
import { MetricQuery, RollupQuery, readPoints } from './requests/metrics.ts'

/** Measurements of agents: writing many at once, reading them back, rolling them up. */
export const handler = http({
  'POST /v1/metrics': on({ body: z.unknown() }, async (hive, { body }, request) => {
    const points = readPoints(body, hive.clock.now())
    const { metrics } = await hive.records()
    return { status: 201, body: { written: await metrics.write(points, { key: idempotencyKey(request) }) } }
  }),
  'GET /v1/metrics': on({ query: MetricQuery }, async (hive, { query }) => {
    const { metrics } = await hive.records()
    return { body: await metrics.query(query) }
  }),
  'GET /v1/metrics/rollup': on({ query: RollupQuery }, async (hive, { query }) => {
    const { metrics } = await hive.records()
    return { body: { buckets: await metrics.rollup(query) } }
  }),
})
