import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { shardOf } from '../../core/bus/keys.ts'
import { handler as history } from '../../functions/history.ts'
import { agentKey } from './agent-key.ts'
import type { BenchOptions } from './bench-options.ts'
import { agent, emptyOutbox, live, pulled, pushed } from './lives.ts'
import type { Result } from './paired.ts'
import { breaks, type Costs, type LimitName, type Limits, type Load, simulateLoad } from './simulate-load.ts'
import type { Stack } from './stack.ts'
import { createMeter, type Meter, type Usage } from './usage.ts'
import { table, writeSection } from './write-section.ts'

/** A production stage as it is deployed, in an account whose quotas are AWS's defaults, on Upstash pay as you go. */
const limits: Limits = {
  apiRequests: 2_000,
  lambdaConcurrency: 1_000,
  redisCommands: 10_000,
  redisTime: 1,
  historyConcurrency: 8,
  outboxShards: 16,
  outboxMaxBytes: 32 * 1024 ** 2,
  deliverConcurrency: 50,
  deliveryConcurrency: 10,
  webhookMs: 100,
  // one receiver; replaced by what is measured
  pulledByAgent: 0,
  inboxMaxMessages: 100_000,
}

const names: Record<LimitName, string> = {
  apiRequests: 'requests to the API',
  lambdaConcurrency: 'functions at once',
  redisCommands: 'commands/s of the plan',
  redisTime: 'one thread of Redis',
  historyConcurrency: 'drains of history at once',
  hotShard: 'the drain of the busiest shard',
  deliverConcurrency: 'deliveries at once',
  hotAgent: 'what the busiest agent takes',
}

const rates = [1_000, 10_000, 100_000]
const ways = ['pull, one by one', 'pull, batches of 100', 'push'] as const
type Way = (typeof ways)[number]
/** Messages that are measured one by one and in batches of 100, and batches of which history is drained at once. */
const whole = { one: 300, batched: 300, history: 20 }
const little = { one: 2, batched: 100, history: 1 }
/** A tenth of an hour. */
const seconds = 360

/**
 * What breaks first when more comes: what a message takes is measured, the rest is computed. Prints the tables of
 * docs/scale.md; `write` puts them there.
 */
export async function benchScale(stack: Stack, _rounds: number, { write, quick }: BenchOptions): Promise<Result[]> {
  const { costs, pulledByAgent } = await measureCosts(stack, quick ? little : whole)
  const own = { ...limits, pulledByAgent }
  const text = [measuredTable(costs, pulledByAgent), loadTable(costs, own)].join('\n\n')
  console.log(text)
  if (write) await writeSection('scale.md', 'simulated', `${text}\n`)
  return []
}

async function measureCosts(
  stack: Stack,
  { one, batched, history }: typeof whole,
): Promise<{ costs: Record<Way, Costs>; pulledByAgent: number }> {
  const endpoint = createServer((request, response) => request.resume().on('end', () => response.writeHead(204).end()))
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/`
  const meter = createMeter(stack)
  try {
    await stack.reset([{ name: agent, endpoint: url }])
    const push = costsOf(await pushed(stack, meter, await agentKey(stack, agent), one))
    await stack.reset([{ name: agent }])
    const key = await agentKey(stack, agent)
    const single = costsOf(await pulled(meter, key, 1, one))
    const hundreds = costsOf(await pulled(meter, key, 100, batched))
    const { outboxBytes, drainedPerSecond, redisMs, commands } = await measureHistory(stack, meter, key, history)
    const withHistory = (way: Omit<Costs, 'outboxBytes' | 'drainedPerSecond'>): Costs => ({
      ...way,
      commands: way.commands + commands,
      redisMs: way.redisMs + redisMs,
      outboxBytes,
      drainedPerSecond,
    })
    const takes = 2 * (hundreds.handlerMs + 4)
    return {
      costs: {
        'pull, one by one': withHistory(single),
        'pull, batches of 100': withHistory(hundreds),
        push: withHistory(push),
      },
      pulledByAgent: (100 / takes) * 1_000,
    }
  } finally {
    endpoint.close()
  }
}

type WayCosts = Omit<Costs, 'outboxBytes' | 'drainedPerSecond'>

function costsOf({ apiRequests, invocations, lambdaMs, redisCommands, redisMs }: Usage): WayCosts {
  return { requests: apiRequests, invocations, handlerMs: lambdaMs / invocations, commands: redisCommands, redisMs }
}

/** History's part, when much of it is drained at once. */
async function measureHistory(stack: Stack, meter: Meter, key: string, batches: number) {
  const { keys } = stack.hive.bus
  const shard = shardOf(agent)
  const fill = async () => {
    await emptyOutbox(stack)
    for (let i = 0; i < batches; i++) await live(meter, key, 100)
  }
  const drain = () => meter.wake(history, { shard })
  await fill()
  await drain()
  await fill()
  const bytes = Number(await stack.redis.get(keys.outboxBytes(shard)))
  const messages = batches * 100
  const { redisCommands, redisMs, lambdaMs } = await meter.measure(messages, drain)
  return { outboxBytes: bytes / messages, commands: redisCommands, redisMs, drainedPerSecond: 2_000 / lambdaMs }
}

function measuredTable(costs: Record<Way, Costs>, pulledByAgent: number): string {
  const rows = ways.map((way) => {
    const { invocations, handlerMs, commands, redisMs } = costs[way]
    return [way, short(invocations), short(handlerMs), short(commands), `${(redisMs * 1_000).toFixed(0)} µs`]
  })
  const { outboxBytes, drainedPerSecond } = costs.push
  return [
    table(['a message', 'functions run', 'ms each', 'Redis commands', 'of one thread of Redis'], rows),
    `Its two events have ${Math.round(outboxBytes)} bytes in the outbox; one drain writes ${count(drainedPerSecond)} events/s to Postgres; one receiver with batches of 100 takes ${count(pulledByAgent)} messages/s.`,
  ].join('\n\n')
}

function loadTable(costs: Record<Way, Costs>, own: Limits): string {
  const rows = rates.flatMap((rate) =>
    ways.map((way) => {
      const load: Load = { rate, agents: 1_000, hottest: 0.05, push: way === 'push' }
      const { accepted, historyBacklogAfter, inboxFullAfter } = simulateLoad(load, costs[way], own, seconds)
      const broken = breaks(load, costs[way], own).map(({ name, over }) => `${names[name]} ${over.toFixed(1)}×`)
      const after = [
        historyBacklogAfter === null ? '' : `history.backlog after ${historyBacklogAfter} s`,
        inboxFullAfter === null ? '' : `inbox.full after ${inboxFullAfter} s`,
      ].filter(Boolean)
      return [count(rate), way, count(accepted), broken.join(', ') || 'nothing', after.join(', ') || 'never']
    }),
  )
  return table(['a second', 'messages go', 'accepted', 'asked for more than there is', 'publish is refused'], rows)
}

const count = (value: number) => Math.round(value).toLocaleString('en')
const short = (value: number) => (value >= 10 ? value.toFixed(1) : value.toFixed(2))
