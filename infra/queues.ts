import { migrateTimeoutSeconds, workerTimeoutSeconds } from './worker-timeout.ts'

/** What was tried this often is kept for an operator. */
const tries = 5

export const deliver = queue('Deliver', workerTimeoutSeconds)
export const history = queue('History', workerTimeoutSeconds)
export const migrate = queue('Migrate', migrateTimeoutSeconds)

/** A queue with its dead-letter queue, and a link that lets a function send to it and nothing else. */
function queue(name: string, timeoutSeconds: number) {
  const deadLetters = new sst.aws.Queue(`${name}DeadLetters`, {
    transform: { queue: { messageRetentionSeconds: 14 * 86_400, sqsManagedSseEnabled: true } },
  })
  const waiting = new sst.aws.Queue(`${name}Waiting`, {
    // six times the function's time-out: what AWS asks for, so that a throttled wake is not counted as a failed one
    visibilityTimeout: `${6 * timeoutSeconds} seconds`,
    dlq: { queue: deadLetters.arn, retry: tries },
    transform: { queue: { sqsManagedSseEnabled: true } },
  })
  const link = new sst.Linkable(`${name}Queue`, {
    properties: { url: waiting.url },
    include: [sst.aws.permission({ actions: ['sqs:SendMessage'], resources: [waiting.arn] })],
  })
  return { waiting, deadLetters, link }
}
