import { randomUUID } from 'node:crypto'
import type { Log } from '../../core/hive.ts'
import { handler as audit } from '../../functions/audit.ts'
import { handler as deliver } from '../../functions/deliver.ts'
import { errorDetails } from '../../functions/error-details.ts'
import { handler as history } from '../../functions/history.ts'
import { handler as migrateBatch } from '../../functions/migrate-batch.ts'
import { handler as retention } from '../../functions/retention.ts'
import { handler as reviveMigrations } from '../../functions/revive-migrations.ts'
import { handler as sweep } from '../../functions/sweep.ts'
import { lambdaContext } from './gateway/lambda-context.ts'
import { pollQueue } from './poll-queue.ts'

/** The time that a deployed worker has; core keeps well below it. */
const timeoutMs = 60_000
const migrateTimeoutMs = 900_000
const reviveMs = 300_000
const hourMs = 3_600_000

/** Runs the background functions as the stack does: three queues that feed functions, and four schedules. */
export function startWorkers(options: {
  endpoint: string
  deliverQueueUrl: string
  historyQueueUrl: string
  migrateQueueUrl: string
  sweepMs: number
  log: Log
}): { stop(): Promise<void> } {
  const { endpoint, deliverQueueUrl, historyQueueUrl, migrateQueueUrl, sweepMs, log } = options
  const context = (name: string, ms = timeoutMs) => lambdaContext(name, randomUUID(), ms)
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
  const migrations = pollQueue({
    endpoint,
    queueUrl: migrateQueueUrl,
    handler: (event) => migrateBatch(event, context('migrate-batch', migrateTimeoutMs)),
    batchSize: 1,
    concurrency: 2,
    onError,
  })
  const schedules = [
    schedule(sweep, sweepMs, onError),
    schedule(retention, hourMs, onError),
    schedule(audit, hourMs, onError),
    schedule(reviveMigrations, reviveMs, onError),
  ]
  return {
    async stop() {
      await Promise.all([deliveries, drains, migrations, ...schedules].map((worker) => worker.stop()))
    },
  }
}

/** Runs a handler at an interval; one that takes longer than that is not overtaken. */
function schedule(handler: () => Promise<unknown>, everyMs: number, onError: (error: unknown) => void) {
  let running: Promise<unknown> | null = null
  const timer = setInterval(() => {
    running ??= handler()
      .catch(onError)
      .finally(() => {
        running = null
      })
  }, everyMs)
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}
