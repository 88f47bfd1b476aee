import { setTimeout as delay } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { benchJob } from './messages.ts'
import type { Stack } from './stack.ts'

/** Commands of BullMQ as Upstash would bill them: those that its scripts call too. */
export type BullmqCommands = { single: number; batched: number; idlePerMinute: number }

/** Counts them in Redis itself: one job after the other, batches of 100 with a worker of concurrency 100, and a worker without work. */
export async function bullmqCommands(
  stack: Stack,
  { jobs, idleSeconds }: { jobs: number; idleSeconds: number },
): Promise<BullmqCommands> {
  await stack.reset([])
  const queue = new Queue('bench-cost', { connection: { url: stack.redisUrl } })
  const { data, opts } = benchJob(0)
  const one = () => queue.add('bench', data, opts)
  const hundred = () => queue.addBulk(Array.from({ length: 100 }, (_, i) => benchJob(i)))
  const alone = await withWorker(stack, 1, async (whenDone) => {
    await whenDone(1, one)
    const commands = await commandsOf(stack, async () => {
      for (let i = 0; i < jobs; i++) await whenDone(1, one)
    })
    const idle = await commandsOf(stack, () => delay(idleSeconds * 1_000))
    return { single: commands / jobs, idlePerMinute: (idle * 60) / idleSeconds }
  })
  const together = await withWorker(stack, 100, async (whenDone) => {
    await whenDone(100, hundred)
    const commands = await commandsOf(stack, async () => {
      for (let i = 0; i < jobs; i += 100) await whenDone(100, hundred)
    })
    return { batched: commands / jobs }
  })
  await queue.close()
  return { ...alone, ...together }
}

type WhenDone = (count: number, add: () => Promise<unknown>) => Promise<void>

/** Runs `act` beside a worker; it is given a way to add jobs and wait until they are done. */
async function withWorker<T>(stack: Stack, concurrency: number, act: (whenDone: WhenDone) => Promise<T>): Promise<T> {
  let left = 0
  let finish: () => void = () => {}
  const work = async () => {
    if (--left === 0) finish()
  }
  const worker = new Worker('bench-cost', work, { connection: { url: stack.redisUrl }, concurrency })
  await worker.waitUntilReady()
  const result = await act(async (count, add) => {
    left = count
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    await add()
    await finished
  })
  await worker.close()
  return result
}

async function commandsOf({ redis }: Stack, act: () => Promise<unknown>): Promise<number> {
  await redis.config('RESETSTAT')
  await act()
  const stats = await redis.info('commandstats')
  const counts = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)]
  return counts
    .filter(([, name = '']) => !/^(info|config|hello|client)/.test(name))
    .reduce((sum, [, , calls]) => sum + Number(calls), 0)
}
