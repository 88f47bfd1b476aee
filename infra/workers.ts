import { type Extras, functionName, hiveFunction } from './hive-function.ts'
import * as queues from './queues.ts'
import { databaseDirectUrl } from './secrets.ts'
import { settings } from './stage.ts'
import { bucketLink, moveUploads } from './storage.ts'
import { migrateTimeoutSeconds, workerTimeoutSeconds } from './worker-timeout.ts'

/**
 * Feeds a queue to a function, one wake at a time. How many run at once is bounded where they start: reserved concurrency
 * would take from the few executions that a new account has.
 */
function worker(
  file: string,
  { waiting }: typeof queues.deliver,
  concurrency: number,
  timeoutSeconds = workerTimeoutSeconds,
  { permissions = [], ...extras }: Extras = {},
): sst.aws.Function {
  const take = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility']
  const run = hiveFunction(file, timeoutSeconds, {
    permissions: [{ actions: take, resources: [waiting.arn] }, ...permissions],
    ...extras,
  })
  new aws.lambda.EventSourceMapping(`${functionName(file)}Source`, {
    eventSourceArn: waiting.arn,
    functionName: run.arn,
    batchSize: 1,
    functionResponseTypes: ['ReportBatchItemFailures'],
    scalingConfig: { maximumConcurrency: concurrency },
  })
  // a wake whose work is not done sends the next one: Lambda takes that for a loop without end and would stop it after 16
  new aws.lambda.FunctionRecursionConfig(`${functionName(file)}Recursion`, {
    functionName: run.name,
    recursiveLoop: 'Allow',
  })
  return run
}

export const workers = {
  deliver: worker('deliver', queues.deliver, settings.deliverConcurrency),
  history: worker('history', queues.history, settings.historyConcurrency),
  'migrate-batch': worker('migrate-batch', queues.migrate, settings.migrateConcurrency, migrateTimeoutSeconds, {
    permissions: moveUploads,
    link: [queues.migrate.link, bucketLink, databaseDirectUrl],
    memory: settings.migrateMemory,
    // the most there is: it keeps the snapshots that it reads
    storage: 10,
  }),
}
