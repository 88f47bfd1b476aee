import type { HiveClient } from '../client.ts'

const warmUpWrites = 10

/** Writes single measurements one after another; milliseconds from the request to its whole answer. */
export async function timeMetricWrites(
  client: HiveClient,
  agent: string,
  writes: number,
): Promise<{ p50: number; p99: number }> {
  const taken: number[] = []
  for (let write = -warmUpWrites; write < writes; write++) {
    const startedAt = performance.now()
    await client.writeMetrics([
      { agent_name: agent, metric_type: 'validate', value: write, timestamp: new Date().toISOString() },
    ])
    if (write >= 0) taken.push(performance.now() - startedAt)
  }
  return { p50: percentile(taken, 0.5), p99: percentile(taken, 0.99) }
}

/** The smallest value that a share of all values does not pass (nearest rank). */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
