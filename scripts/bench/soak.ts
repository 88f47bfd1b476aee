import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { benchMessage } from './messages.ts'
import { type OwnCloud, startOwnCloud } from './own-cloud.ts'
import { quantile, type Result } from './paired.ts'
import type { Stack } from './stack.ts'

/** How often memory is looked at. */
const lookMs = 10_000
/** A heap that grows by more than this is not steady. */
const steadyBytesAMinute = 2 * 1024 * 1024

type Look = { seconds: number; requests: number; p99: number; heap: number; rss: number; redis: number; keys: number }

/**
 * The same load for some minutes, against a cloud in a process of its own: publishing in batches and one by one, receiving and
 * acknowledging, writing metrics. Prints what its process and its Redis hold over time; the process's heap has to be steady,
 * Redis grows with what it remembers of each message for the time that the stage says.
 */
export async function benchSoak(_stack: Stack, _rounds: number, { minutes }: { minutes: number }): Promise<Result[]> {
  const cloud = await startOwnCloud()
  const redis = new Redis(cloud.redisUrl)
  try {
    for (const name of ['bench-sender', 'bench-inbox']) await cloud.call('PUT', `/v1/agents/${name}`, {})
    const end = performance.now() + minutes * 60_000
    const tally: Tally = { messages: 0, failed: [], times: [] }
    const working = work(cloud, end, tally)
    const looks: Look[] = []
    for (let seconds = 0; performance.now() + lookMs < end; ) {
      await delay(lookMs)
      seconds += lookMs / 1000
      const look = await lookAt(cloud, redis, seconds, tally)
      looks.push(look)
      console.log(describe(look))
    }
    await working
    const { errors } = await cloud.memory()
    const growth = slope(looks.slice(Math.floor(looks.length / 3))) * 60
    const verdict = growth < steadyBytesAMinute ? 'steady' : 'NOT steady'
    console.log(
      `soak: ${tally.messages} messages in ${minutes} min, ${tally.failed.length} requests failed, ${errors} errors logged`,
    )
    for (const failure of tally.failed.slice(0, 3)) console.log(`  ${failure}`)
    console.log(`soak: the heap grew by ${(growth / 1024 ** 2).toFixed(2)} MB a minute: ${verdict}`)
    return []
  } finally {
    redis.disconnect()
    await cloud.stop()
  }
}

type Tally = { messages: number; failed: string[]; times: number[] }

async function work(cloud: OwnCloud, end: number, tally: Tally): Promise<void> {
  let index = 0
  const next = () => benchMessage('bench-inbox', index++)
  const timed = async (method: string, path: string, body: unknown): Promise<unknown> => {
    const start = performance.now()
    try {
      return await cloud.call(method, path, body)
    } catch (error) {
      tally.failed.push(String(error))
      return undefined
    } finally {
      tally.times.push(performance.now() - start)
    }
  }
  const forever = async (turn: () => Promise<unknown>) => {
    while (performance.now() < end) await turn()
  }
  const inbox = '/v1/agents/bench-inbox/inbox'
  await Promise.all([
    forever(async () => {
      await timed('POST', '/v1/messages/batch', { messages: Array.from({ length: 50 }, next) })
      tally.messages += 50
      await delay(50)
    }),
    forever(async () => {
      await timed('POST', '/v1/messages', next())
      tally.messages++
    }),
    forever(async () => {
      const received = (await timed('POST', `${inbox}/receive`, { max: 100 })) as
        | { messages: { receipt: string }[] }
        | undefined
      const acks = received?.messages.map(({ receipt }) => receipt) ?? []
      if (acks.length > 0) await timed('POST', `${inbox}/settle`, { acks })
      else await delay(5)
    }),
    forever(async () => {
      const points = Array.from({ length: 20 }, () => ({
        agent_name: 'bench-sender',
        metric_type: 'load',
        value: index,
      }))
      await timed('POST', '/v1/metrics', { points })
      await delay(20)
    }),
  ])
}

async function lookAt(cloud: OwnCloud, redis: Redis, seconds: number, tally: Tally): Promise<Look> {
  const times = tally.times.splice(0)
  const { heapUsed, rss } = await cloud.memory()
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1] ?? 0)
  const load = { seconds, requests: times.length, p99: quantile(times, 0.99) }
  return { ...load, heap: heapUsed, rss, redis: used, keys: await redis.dbsize() }
}

const mb = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(1)} MB`
const describe = ({ seconds, requests, p99, heap, rss, redis, keys }: Look) =>
  `soak: ${seconds} s, ${requests} requests, p99 ${p99.toFixed(1)} ms, heap ${mb(heap)}, RSS ${mb(rss)}, Redis ${mb(redis)} in ${keys} keys`

/** Bytes a second by least squares. */
function slope(looks: Look[]): number {
  const mean = (list: number[]) => list.reduce((sum, one) => sum + one, 0) / Math.max(1, list.length)
  const [at, heap] = [mean(looks.map(({ seconds }) => seconds)), mean(looks.map((look) => look.heap))]
  const spread = looks.reduce((sum, look) => sum + (look.seconds - at) ** 2, 0)
  return spread === 0 ? 0 : looks.reduce((sum, look) => sum + (look.seconds - at) * (look.heap - heap), 0) / spread
}
