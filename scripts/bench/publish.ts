import { Queue } from 'bullmq'
import { handler } from '../../functions/publish.ts'
import { invoke } from './invoke.ts'
import { benchJob, benchMessage, inParallel } from './messages.ts'
import { measureRates, type Result } from './paired.ts'
import type { Stack } from './stack.ts'

/** Publishing through the real handler, beside BullMQ's `addBulk` and `add` with priorities over TCP. */
export async function benchPublish(stack: Stack, rounds: number): Promise<Result[]> {
  const queue = new Queue('bench', { connection: { url: stack.redisUrl } })
  const reset = () => stack.reset([{ name: 'bench-inbox' }])
  const results: Result[] = []
  for (const callers of [1, 4]) {
    const batches = 100
    results.push(
      await measureRates(
        `publish, batches of 100, ${callers === 1 ? 'one caller' : `${callers} callers`}`,
        'messages/s',
        [
          {
            name: 'Agent Hive',
            prepare: reset,
            async run() {
              await inParallel(callers, batches, (batch) =>
                invoke(handler, 'POST /v1/messages/batch', {
                  body: {
                    messages: Array.from({ length: 100 }, (_, i) => benchMessage('bench-inbox', batch * 100 + i)),
                  },
                }),
              )
              return batches * 100
            },
          },
          {
            name: 'BullMQ addBulk',
            prepare: reset,
            async run() {
              await inParallel(callers, batches, (batch) =>
                queue.addBulk(Array.from({ length: 100 }, (_, i) => benchJob(batch * 100 + i))),
              )
              return batches * 100
            },
          },
        ],
        rounds,
      ),
    )
  }
  for (const callers of [1, 16]) {
    const count = 1_000
    results.push(
      await measureRates(
        `publish, one at a time, ${callers === 1 ? 'one caller' : `${callers} callers`}`,
        'messages/s',
        [
          {
            name: 'Agent Hive',
            prepare: reset,
            async run() {
              await inParallel(callers, count, (i) =>
                invoke(handler, 'POST /v1/messages', { body: benchMessage('bench-inbox', i) }),
              )
              return count
            },
          },
          {
            name: 'BullMQ add',
            prepare: reset,
            async run() {
              await inParallel(callers, count, async (i) => {
                const job = benchJob(i)
                await queue.add(job.name, job.data, job.opts)
              })
              return count
            },
          },
        ],
        rounds,
      ),
    )
  }
  await queue.close()
  return results
}
