import { createRandom } from '../../test/random.ts'
import type { BenchOptions } from './bench-options.ts'
import { createHttpCaller } from './http-caller.ts'
import { runOpenLoop } from './open-loop.ts'
import { quantile, type Result, spreadOf } from './paired.ts'
import { poissonArrivals } from './poisson.ts'
import type { Stack } from './stack.ts'
import { type Process, startProcess } from './start-process.ts'

/** Milliseconds that the p99 of a write has to stay below while messages are published. */
const barMs = 50
const writesPerSecond = 100
/** The load runs for so long before the first write is due. */
const warmMs = 500
/** Inboxes that the load fills one after the other. */
const inboxes = Array.from({ length: 60 }, (_, i) => ({ name: `bench-${i}` }))

type Load = { name: string; publish: 'batches' | 'singles' | null; isDrained: boolean }
const loads: Load[] = [
  { name: 'alone', publish: null, isDrained: false },
  { name: 'publishing in batches', publish: 'batches', isDrained: false },
  { name: 'publishing one by one', publish: 'singles', isDrained: false },
  { name: 'batches and their history', publish: 'batches', isDrained: true },
  { name: 'singles and their history', publish: 'singles', isDrained: true },
]

type Times = { p50: number[]; p99: number[]; most: number[] }

/**
 * Metric writes of one point over HTTP, at random moments, while the load of the publish bench runs, beside the same without
 * it; then with the drain of what was published to the same Postgres, which that bench leaves out. Client, function of
 * metrics, publishers, workers, SQS and what is behind them have a process each, on the same cores.
 */
export async function benchMetricUnderLoad(stack: Stack, rounds: number, { quick }: BenchOptions): Promise<Result[]> {
  const seconds = quick ? 0.2 : 5
  await using stopping = new AsyncDisposableStack()
  const start = async <T>(...what: Parameters<typeof startProcess>): Promise<Process<T>> => {
    const started = await startProcess<T>(...what)
    stopping.defer(() => started.stop())
    return started
  }
  const undrained = { ...stack.environment, ...(await start<Record<string, string>>('./queues-process.ts')).said }
  const drained = { ...stack.environment, ...(await start<Record<string, string>>('./queues-process.ts')).said }
  await start('./workers-process.ts', { args: ['60000'], environment: drained })
  const publishers = await start('./publish-load-process.ts', { environment: undrained })
  const drainedPublishers = await start('./publish-load-process.ts', { environment: drained })
  const metrics = await start<{ url: string }>('./function-process.ts', { environment: undrained })
  const caller = createHttpCaller()
  stopping.defer(() => caller.close())

  const random = createRandom(1)
  const write = (index: number) => {
    const point = { agent_name: `agent-${index % 50}`, metric_type: 'latency_ms', value: index * 1.5 }
    return caller.call(metrics.said.url, 'POST', '/v1/metrics', point)
  }
  async function measure({ name, publish, isDrained }: Load) {
    await stack.reset(inboxes)
    const load = publish && beginLoad(isDrained ? drainedPublishers : publishers, publish)
    const due = poissonArrivals(writesPerSecond, seconds, random.next).map((at) => at + warmMs)
    const { times, failed } = await runOpenLoop(due, seconds + warmMs / 1_000, write)
    const rate = load ? await load.end() : 0
    if (failed.length > 0) throw new Error(`${failed.length} writes failed, the first: ${failed[0]}`)
    const [p50, p99, most] = [quantile(times, 0.5), quantile(times, 0.99), quantile(times, 1)]
    const figures = `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, most ${most.toFixed(1)} ms`
    console.log(`metric write, ${name}: ${figures} of ${times.length} writes, ${Math.round(rate)} messages/s`)
    return { p50, p99, most }
  }

  const measured = loads.map((): Times => ({ p50: [], p99: [], most: [] }))
  for (let round = quick ? 1 : 0; round <= rounds; round++) {
    for (const [i, load] of loads.entries()) {
      const { p50, p99, most } = await measure(load)
      // the first round warms up
      if (round === 0) continue
      measured[i]?.p50.push(p50)
      measured[i]?.p99.push(p99)
      measured[i]?.most.push(most)
    }
  }
  const [alone, ...beside] = measured as [Times, ...Times[]]
  return beside.flatMap((under, i) => {
    const { name, isDrained } = loads[i + 1] as Load
    const p99 = quantile(under.p99, 0.5)
    // the bar is about publishing
    const verdict = isDrained ? '' : `: p99 < ${barMs} ms ${p99 < barMs ? 'holds' : 'does NOT hold'}`
    const most = Math.max(...under.most).toFixed(1)
    console.log(`metric write beside ${name}: p99 ${p99.toFixed(1)} ms, most ${most} ms${verdict}`)
    return [
      compare(`metric write beside ${name}`, 'ms, p50', under.p50, alone.p50),
      compare(`metric write beside ${name}`, 'ms, p99', under.p99, alone.p99),
    ]
  })
}

/** Has publishers publish until the end, which gives how many messages a second were accepted. */
function beginLoad(publishers: Process<unknown>, publish: string): { end(): Promise<number> } {
  publishers.child.send(publish)
  return {
    async end() {
      const { accepted, ms } = await publishers.ask<{ accepted: number; ms: number }>('stop')
      return (accepted / ms) * 1_000
    },
  }
}

/** Medians over the rounds, and the median of the rounds' ratios. */
function compare(name: string, unit: string, under: number[], alone: number[]): Result {
  const ratios = under.map((value, round) => value / (alone[round] ?? Number.NaN))
  return { name, unit, sides: [spreadOf('beside', under), spreadOf('alone', alone)], ratios: [quantile(ratios, 0.5)] }
}
