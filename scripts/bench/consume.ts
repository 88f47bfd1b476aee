import { Queue, Worker } from 'bullmq'
import { handler as inbox } from '../../functions/inbox.ts'
import { handler as publish } from '../../functions/publish.ts'
import type { BenchOptions } from './bench-options.ts'
import { invoke } from './invoke.ts'
import { keepKeys, restoreKeys } from './keep-keys.ts'
import { benchJob, benchMessage, inParallel } from './messages.ts'
import { measureRates, type Result } from './paired.ts'
import { recordRest, replayRest } from './replay-rest.ts'
import type { Stack } from './stack.ts'

/** Receiving and acknowledging batches of 100 through the real handlers, beside a BullMQ worker of concurrency 100. */
export async function benchConsume(stack: Stack, rounds: number, { quick }: BenchOptions): Promise<Result[]> {
  const messages = quick ? 200 : 10_000
  const queue = new Queue('bench', { connection: { url: stack.redisUrl } })
  const path = { agent: 'bench-inbox' }
  const fill = async () => {
    await stack.reset([{ name: 'bench-inbox' }])
    await inParallel(4, messages / 100, (batch) =>
      invoke(publish, 'POST /v1/messages/batch', {
        body: { messages: Array.from({ length: 100 }, (_, i) => benchMessage('bench-inbox', batch * 100 + i)) },
      }),
    )
  }
  const consume = async () => {
    let done = 0
    while (done < messages) {
      const received = await invoke(inbox, 'POST /v1/agents/{agent}/inbox/receive', { path, body: { max: 100 } })
      const acks = (received.messages as { receipt: string }[]).map(({ receipt }) => receipt)
      await invoke(inbox, 'POST /v1/agents/{agent}/inbox/settle', { path, body: { acks } })
      done += acks.length
    }
    return done
  }
  await fill()
  const kept = await keepKeys(stack.redis)
  const recorded = await recordRest(stack, consume)
  const result = await measureRates(
    'receive and acknowledge, batches of 100, one caller',
    'messages/s',
    [
      { name: 'Agent Hive', prepare: fill, run: consume },
      {
        name: 'BullMQ worker',
        async prepare() {
          await stack.reset([])
          for (let batch = 0; batch < messages / 100; batch++) {
            await queue.addBulk(Array.from({ length: 100 }, (_, i) => benchJob(batch * 100 + i)))
          }
        },
        async run() {
          let done = 0
          let finish: () => void = () => {}
          const finished = new Promise<void>((resolve) => {
            finish = resolve
          })
          const worker = new Worker(
            'bench',
            async () => {
              if (++done === messages) finish()
            },
            { connection: { url: stack.redisUrl }, concurrency: 100 },
          )
          await finished
          await worker.close()
          return done
        },
      },
      {
        name: 'the same commands over REST',
        prepare: () => restoreKeys(stack.redis, kept),
        async run() {
          await replayRest(stack, recorded, 1)
          return messages
        },
      },
    ],
    rounds,
  )
  await queue.close()
  return [result]
}
