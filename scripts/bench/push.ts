import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Queue, Worker } from 'bullmq'
import { handler as deliver } from '../../functions/deliver.ts'
import { handler as publish } from '../../functions/publish.ts'
import { lambdaContext } from '../local/gateway/lambda-context.ts'
import { pollQueue } from '../local/poll-queue.ts'
import { invoke } from './invoke.ts'
import { benchJob, benchMessage } from './messages.ts'
import { measureLatencies, type Result } from './paired.ts'
import type { Stack } from './stack.ts'

/**
 * End to end, one message at a time: from publish over SQS, deliver and a signed webhook to an HTTP endpoint, beside a
 * BullMQ job from `add` to its worker, which makes no HTTP call.
 */
export async function benchPush(stack: Stack, calls: number): Promise<Result[]> {
  let arrived: () => void = () => {}
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.end()
      arrived()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await stack.reset([{ name: 'bench-push', endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }])
  const poller = pollQueue({
    endpoint: stack.queues.endpoint,
    queueUrl: stack.queues.deliverQueueUrl,
    batchSize: 1,
    concurrency: 10,
    handler: (event) => deliver(event, lambdaContext('deliver', 'bench', 30_000)) as never,
  })
  const queue = new Queue('bench-push', { connection: { url: stack.redisUrl } })
  const worker = new Worker('bench-push', async () => arrived(), { connection: { url: stack.redisUrl } })
  await worker.waitUntilReady()
  const whenArrived = async (send: () => Promise<unknown>) => {
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve
    })
    await send()
    await arrival
  }
  let index = 0
  const sides = [
    {
      name: 'Agent Hive, publish to webhook',
      call: () =>
        whenArrived(() => invoke(publish, 'POST /v1/messages', { body: benchMessage('bench-push', index++) })),
    },
    {
      name: 'BullMQ, add to worker',
      call: () =>
        whenArrived(async () => {
          const job = benchJob(index++)
          await queue.add(job.name, job.data, job.opts)
        }),
    },
  ]
  const results = [...(await measureLatencies('push end to end, one message', sides, calls, [0.5, 0.99]))]
  await worker.close()
  await queue.close()
  await poller.stop()
  server.closeAllConnections()
  server.close()
  return results
}
