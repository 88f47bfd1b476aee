import pg from 'pg'
import { handler } from '../../functions/metrics.ts'
import { invoke } from './invoke.ts'
import { measureLatencies, measureRates, type Result } from './paired.ts'
import type { Stack } from './stack.ts'

const point = (index: number) => ({
  agent_name: `agent-${index % 50}`,
  metric_type: 'latency_ms',
  value: index * 1.5,
  timestamp: new Date(1_700_000_000_000 + index).toISOString(),
})

/** Metric writes through the real handler and Neon's driver, beside the plain `pg` client on its own connection. */
export async function benchMetricWrite(stack: Stack, rounds: number): Promise<Result[]> {
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  let index = 0
  const sides = [
    { name: 'Agent Hive', call: () => invoke(handler, 'POST /v1/metrics', { body: point(index++) }) },
    {
      name: 'pg INSERT',
      call: () => {
        const { agent_name, metric_type, value, timestamp } = point(index++)
        return client.query(
          'INSERT INTO agent_metrics (agent_name, metric_type, value, timestamp) VALUES ($1, $2, $3, $4)',
          [agent_name, metric_type, value, timestamp],
        )
      },
    },
  ]
  const results = [
    await measureLatencies('metric write, one point', sides, 500, 0.5),
    await measureLatencies('metric write, one point', sides, 500, 0.99),
  ]
  results.push(
    await measureRates(
      'metric write, 5,000 points a request',
      'points/s',
      [
        {
          name: 'Agent Hive',
          async run() {
            await invoke(handler, 'POST /v1/metrics', {
              body: { points: Array.from({ length: 5_000 }, () => point(index++)) },
            })
            return 5_000
          },
        },
        {
          name: 'pg INSERT … unnest',
          async run() {
            const points = Array.from({ length: 5_000 }, () => point(index++))
            await client.query(
              `INSERT INTO agent_metrics (agent_name, metric_type, value, timestamp)
               SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::timestamptz[])`,
              [
                points.map((p) => p.agent_name),
                points.map((p) => p.metric_type),
                points.map((p) => p.value),
                points.map((p) => p.timestamp),
              ],
            )
            return 5_000
          },
        },
      ],
      rounds,
    ),
  )
  await client.end()
  return results
}
