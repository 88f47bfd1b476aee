import type { HiveConfig } from '../config.ts'
import type { MigrationWork } from '../migration/cloud/work.ts'
import { once } from '../once.ts'
import { createPost } from '../post.ts'

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
 * Makes the queue of a stage. The SQS client is the heaviest import of all (as much as all else of a cold start), so it is loaded
 * at the first wake and not before.
 */
export function createQueue(
  config: Pick<HiveConfig, 'sqsEndpoint' | 'awsRegion' | 'deliverQueueUrl' | 'historyQueueUrl' | 'migrateQueueUrl'>,
): Queue {
  const sender = once(async () => (await import('./sqs-sender.ts')).sqsSender(config, createPost()))

  async function send(queueUrl: string | undefined, body: object, delayMs: number): Promise<void> {
    if (queueUrl === undefined) throw new Error('this function is not linked to the queue')
    const delaySeconds = Math.min(Math.max(Math.ceil(delayMs / 1000), 0), maxDelaySeconds)
    const sendMessage = await sender()
    await sendMessage(queueUrl, JSON.stringify(body), delaySeconds)
  }

  return {
    wakeDeliver: (agent, delayMs, caused_by) => send(config.deliverQueueUrl, { agent, caused_by }, delayMs),
    wakeHistory: (shard, delayMs, caused_by) => send(config.historyQueueUrl, { shard, caused_by }, delayMs),
    wakeMigration: (work, delayMs, caused_by) => send(config.migrateQueueUrl, { ...work, caused_by }, delayMs),
  }
}
