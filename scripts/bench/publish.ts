import { Queue } from 'bullmq'
import { handler } from '../../functions/publish.ts'
import type { BenchOptions } from './bench-options.ts'
import { answerTo, eventFor } from './invoke.ts'
import { benchJob, benchMessage, inParallel } from './messages.ts'
import { measureRates, type Result } from './paired.ts'
import { recordRest, replayRest } from './replay-rest.ts'
import type { Stack } from './stack.ts'

/**
 * Messages that each side publishes before it is measured, so that a process is measured that has been warm for a while: V8 goes on
 * compiling what is hot for some 30,000 single ones.
 */
const warmUpMessages = 40_000

/**
 * Publishing through the real handler, beside BullMQ's `addBulk` and `add` with priorities over TCP, and beside the very
 * commands that the handler sends, without it, through the same REST server: the limit. The events are made beforehand, as what is
 * sent again without the handler is: senders and API Gateway make them.
 */
export async function benchPublish(stack: Stack, rounds: number, { quick }: BenchOptions): Promise<Result[]> {
  const [batches, singles, warmUp] = quick ? [2, 20, 20] : [100, 1_000, warmUpMessages]
  const queue = new Queue('bench', { connection: { url: stack.redisUrl } })
  const eventOfBatch = (_: unknown, batch: number) =>
    eventFor('POST /v1/messages/batch', {
      body: { messages: Array.from({ length: 100 }, (_, i) => benchMessage('bench-inbox', batch * 100 + i)) },
    })
  const eventOfOne = (_: unknown, i: number) => eventFor('POST /v1/messages', { body: benchMessage('bench-inbox', i) })
  const batchEvents = Array.from({ length: batches }, eventOfBatch)
  const singleEvents = Array.from({ length: singles }, eventOfOne)
  const publishEach = (events: typeof singleEvents) => (callers: number) =>
    inParallel(callers, events.length, (i) => answerTo(handler, events[i] as (typeof events)[number]))
  const publishBatches = publishEach(batchEvents)
  const publishOnes = publishEach(singleEvents)
  const addBulk = (callers: number) =>
    inParallel(callers, batches, (batch) =>
      queue.addBulk(Array.from({ length: 100 }, (_, i) => benchJob(batch * 100 + i))),
    )
  const add = (callers: number) =>
    inParallel(callers, singles, async (i) => {
      const job = benchJob(i)
      await queue.add(job.name, job.data, job.opts)
    })
  const inBatches = { unit: 'batches of 100', count: batches * 100, publish: publishBatches, theirs: addBulk, warmUp }
  const oneByOne = { unit: 'one at a time', count: singles, publish: publishOnes, theirs: add, warmUp }
  const results = [
    await measure(stack, rounds, 1, { ...inBatches, name: 'BullMQ addBulk' }),
    await measure(stack, rounds, 4, { ...inBatches, name: 'BullMQ addBulk' }),
    await measure(stack, rounds, 1, { ...oneByOne, name: 'BullMQ add' }),
    await measure(stack, rounds, 16, { ...oneByOne, name: 'BullMQ add' }),
  ]
  await queue.close()
  return results
}

type Way = {
  unit: string
  count: number
  publish(callers: number): Promise<unknown>
  name: string
  theirs(callers: number): Promise<unknown>
  /** Messages. */
  warmUp: number
}

async function measure(stack: Stack, rounds: number, callers: number, way: Way): Promise<Result> {
  const prepare = () => stack.reset([{ name: 'bench-inbox' }])
  await prepare()
  const recorded = await recordRest(stack, () => way.publish(callers))
  const side = (name: string, work: () => Promise<unknown>) => ({
    name,
    prepare,
    async run() {
      await work()
      return way.count
    },
  })
  return measureRates(
    `publish, ${way.unit}, ${callers === 1 ? 'one caller' : `${callers} callers`}`,
    'messages/s',
    [
      side('Agent Hive', () => way.publish(callers)),
      side(way.name, () => way.theirs(callers)),
      side('the same commands over REST', () => replayRest(stack, recorded, callers)),
    ],
    rounds,
    { warmUp: Math.ceil(way.warmUp / way.count) },
  )
}
