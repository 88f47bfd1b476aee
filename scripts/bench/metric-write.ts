import { neon } from '@neondatabase/serverless'
import pg from 'pg'
import { createPost } from '../../core/post.ts'
import type { HttpOptions } from '../../core/records/drivers/neon-http.ts'
import { handler } from '../../functions/metrics.ts'
import type { BenchOptions } from './bench-options.ts'
import { invoke } from './invoke.ts'
import { measureLatencies, measureRates, type Result } from './paired.ts'
import type { Stack } from './stack.ts'

const point = (index: number) => ({
  agent_name: `agent-${index % 50}`,
  metric_type: 'latency_ms',
  value: index * 1.5,
  timestamp: new Date(1_700_000_000_000 + index).toISOString(),
})
type Point = ReturnType<typeof point>

const insertOne = 'INSERT INTO agent_metrics (agent_name, metric_type, value, timestamp) VALUES ($1, $2, $3, $4)'
const insertMany = `INSERT INTO agent_metrics (agent_name, metric_type, value, timestamp)
  SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::timestamptz[])`

const valuesOf = ({ agent_name, metric_type, value, timestamp }: Point) => [agent_name, metric_type, value, timestamp]
const columnsOf = (points: Point[]) => [
  points.map((p) => p.agent_name),
  points.map((p) => p.metric_type),
  points.map((p) => p.value),
  points.map((p) => p.timestamp),
]

/**
 * Metric writes through the real handler, beside a bare statement through the same Neon driver, which is the way to the
 * same server and so the limit, and beside the plain `pg` client on a connection of its own.
 */
export async function benchMetricWrite(stack: Stack, rounds: number, { quick }: BenchOptions): Promise<Result[]> {
  const [calls, warmUp] = quick ? [5, 1] : [500, 20]
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  // the records teach the driver where the stack's own server is when they are first used
  await invoke(handler, 'POST /v1/metrics', { body: point(0) })
  const sql = neon(stack.databaseUrl)
  const options: HttpOptions = { endpoint: stack.hive.config.neonHttpEndpoint, post: createPost(), timeoutMs: 10_000 }
  const fetchOptions = { hive: options }
  const overNeon = (text: string, values: unknown[]) => sql.query(text, values, { fetchOptions })
  let index = 1
  const next = () => point(index++)
  const many = () => Array.from({ length: 5_000 }, next)
  const singles = [
    { name: 'Agent Hive', call: () => invoke(handler, 'POST /v1/metrics', { body: next() }) },
    { name: 'Neon driver INSERT', call: () => overNeon(insertOne, valuesOf(next())) },
    { name: 'pg INSERT', call: () => client.query(insertOne, valuesOf(next())) },
  ]
  const batches = [
    { name: 'Agent Hive', write: (points: Point[]) => invoke(handler, 'POST /v1/metrics', { body: { points } }) },
    { name: 'Neon driver unnest', write: (points: Point[]) => overNeon(insertMany, columnsOf(points)) },
    { name: 'pg unnest', write: (points: Point[]) => client.query(insertMany, columnsOf(points)) },
  ].map(({ name, write }) => ({
    name,
    async run() {
      await write(many())
      return 5_000
    },
  }))
  try {
    return [
      ...(await measureLatencies('metric write, one point', singles, calls, [0.5, 0.99])),
      // one call a round: code that has run a few times only is not what a warm function runs
      await measureRates('metric write, 5,000 points a request', 'points/s', batches, 3 * rounds, { warmUp }),
    ]
  } finally {
    await client.end()
  }
}
