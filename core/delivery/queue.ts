import type { HiveConfig } from '../config.ts'
import type { MigrationWork } from '../migration/cloud/work.ts'

/**
 * Wakes the background functions. All throw when SQS did not take the message; a wake sent twice does no harm. `causedBy`
 * is the request that it comes from, for the log of the function that it wakes.
 */
export type Queue = {
  /** Wakes `deliver` for an agent after `delayMs`, rounded up to seconds, at most 15 minutes. */
  wakeDeliver(agent: string, delayMs: number, causedBy?: string): Promise<void>
  /** Wakes `history` for a shard of the outbox after `delayMs`, rounded up to seconds, at most 15 minutes. */
  wakeHistory(shard: number, delayMs: number, causedBy?: string): Promise<void>
  /** Gives `migrate-batch` its next piece of work after `delayMs`, rounded up to seconds, at most 15 minutes. */
  wakeMigration(work: MigrationWork, delayMs: number, causedBy?: string): Promise<void>
}

/** SQS delays a message no longer. */
const maxDelaySeconds = 900

/**
 * Makes the queue of a stage. The SQS client is the heaviest import of all (some 140 ms on a cold start), so it is loaded
 * at the first wake and not before.
 */
export function createQueue(
  config: Pick<HiveConfig, 'sqsEndpoint' | 'awsRegion' | 'deliverQueueUrl' | 'historyQueueUrl' | 'migrateQueueUrl'>,
): Queue {
  let sender: ReturnType<typeof loadSender> | undefined

  async function send(queueUrl: string | undefined, body: object, delayMs: number): Promise<void> {
    if (queueUrl === undefined) throw new Error('this function is not linked to the queue')
    sender ??= loadSender(config)
    const delaySeconds = Math.min(Math.max(Math.ceil(delayMs / 1000), 0), maxDelaySeconds)
    await (await sender)(queueUrl, JSON.stringify(body), delaySeconds)
  }

  return {
    wakeDeliver: (agent, delayMs, caused_by) => send(config.deliverQueueUrl, { agent, caused_by }, delayMs),
    wakeHistory: (shard, delayMs, caused_by) => send(config.historyQueueUrl, { shard, caused_by }, delayMs),
    wakeMigration: (work, delayMs, caused_by) => send(config.migrateQueueUrl, { ...work, caused_by }, delayMs),
  }
}

async function loadSender(config: Pick<HiveConfig, 'sqsEndpoint' | 'awsRegion'>) {
  const { SQSClient, SendMessageCommand } = await import('@aws-sdk/client-sqs')
  const client = new SQSClient({
    region: config.awsRegion,
    // a lost wake costs less than a request that waits for it: whoever sends one has a caller
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_500, throwOnRequestTimeout: true },
    ...(config.sqsEndpoint === undefined ? {} : { endpoint: config.sqsEndpoint, ...anyCredentials() }),
  })
  return async (queueUrl: string, body: string, delaySeconds: number): Promise<void> => {
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, DelaySeconds: delaySeconds }))
  }
}

/** An SQS that is not AWS takes any credentials, but the client insists on some. */
function anyCredentials() {
  if (process.env.AWS_ACCESS_KEY_ID !== undefined) return {}
  return { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
}
