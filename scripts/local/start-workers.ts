import { randomUUID } from 'node:crypto'
import type { Log } from '../../core/hive.ts'
import { handler as deliver } from '../../functions/deliver.ts'
import { errorDetails } from '../../functions/error-details.ts'
import { handler as history } from '../../functions/history.ts'
import { handler as sweep } from '../../functions/sweep.ts'
import { lambdaContext } from './gateway/lambda-context.ts'
import { pollQueue } from './poll-queue.ts'

/** The time that a deployed worker has; core keeps well below it. */
const timeoutMs = 60_000

/** Runs the background functions as the stack does: two queues that feed functions, and a schedule. */
export function startWorkers(options: {
  endpoint: string
  deliverQueueUrl: string
  historyQueueUrl: string
  sweepMs: number
  log: Log
}): { stop(): Promise<void> } {
  const { endpoint, deliverQueueUrl, historyQueueUrl, sweepMs, log } = options
  const context = (name: string) => lambdaContext(name, randomUUID(), timeoutMs)
  const onError = (error: unknown) => log.error('local worker failed', { error: errorDetails(error) })
  const deliveries = pollQueue({
    endpoint,
    queueUrl: deliverQueueUrl,
    handler: (event) => deliver(event, context('deliver')),
    batchSize: 1,
    concurrency: 300,
    onError,
  })
  const drains = pollQueue({
    endpoint,
    queueUrl: historyQueueUrl,
    handler: (event) => history(event, context('history')),
    batchSize: 1,
    concurrency: 4,
    onError,
  })
  let sweeping: Promise<unknown> | null = null
  const timer = setInterval(() => {
    // a sweep that takes longer than its interval is not overtaken
    sweeping ??= sweep()
      .catch(onError)
      .finally(() => {
        sweeping = null
      })
  }, sweepMs)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all([deliveries.stop(), drains.stop(), sweeping])
    },
  }
}
