import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { buildApp } from 'fauxqs'

export type LocalQueues = {
  endpoint: string
  deliverQueueUrl: string
  historyQueueUrl: string
  migrateQueueUrl: string
  stop(): Promise<void>
}

export type LocalQueuesOptions = {
  /** Port on 127.0.0.1; a free one when absent. */
  port?: number
  /** Folder in which `stop` keeps what waits in the queues for the next start; without it the queues are forgotten. */
  dataDir?: string
  /** Seconds that a received message stays hidden; what has not been deleted by then is received again. */
  visibilitySeconds?: number
  /** Receives after which a message goes to the dead-letter queue. */
  maxReceives?: number
  region?: string
}

type Waiting = { queue: string; body: string; dueAtMs: number }
type Inspected = {
  messages: {
    ready: { body: string }[]
    delayed: { body: string; delayUntil?: number }[]
    inflight: { message: { body: string }; visibilityDeadline: number }[]
  }
}

const names = ['deliver', 'history', 'migrate'] as const

/**
 * Starts a local SQS on 127.0.0.1 with the queues of a stage, `deliver`, `history` and `migrate`, each with its dead-letter
 * queue (`deliver-dlq`). What waits is only hints: when the process dies without `stop`, the schedules find the work.
 */
export async function startQueues(options: LocalQueuesOptions = {}): Promise<LocalQueues> {
  const { port = 0, dataDir, visibilitySeconds = 60, maxReceives = 5, region = 'us-east-1' } = options
  // fauxqs's own start listens on every network interface
  const server = buildApp({ logger: false, defaultRegion: region })
  const endpoint = await server.listen({ port, host: '127.0.0.1' })
  const sqs = new SQSClient({ endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } })

  async function createQueue(name: string, attributes: Record<string, string>): Promise<string> {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }))
    if (QueueUrl === undefined) throw new Error(`the local SQS did not create the queue ${name}`)
    return QueueUrl
  }

  async function createWithDeadLetters(name: string, hiddenSeconds: number): Promise<string> {
    const deadLetters = await createQueue(`${name}-dlq`, { MessageRetentionPeriod: '1209600' })
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: deadLetters, AttributeNames: ['QueueArn'] }),
    )
    const redrive = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: maxReceives }
    return createQueue(name, {
      VisibilityTimeout: String(hiddenSeconds),
      RedrivePolicy: JSON.stringify(redrive),
    })
  }

  const urls = {
    deliver: await createWithDeadLetters('deliver', visibilitySeconds),
    history: await createWithDeadLetters('history', visibilitySeconds),
    migrate: await createWithDeadLetters('migrate', visibilitySeconds * 15),
  }

  async function inspect(queue: string): Promise<Waiting[]> {
    const { ready, delayed, inflight } = (
      (await (await fetch(`${endpoint}/_fauxqs/queues/${queue}`)).json()) as Inspected
    ).messages
    return [
      ...ready.map(({ body }) => ({ queue, body, dueAtMs: 0 })),
      ...delayed.map(({ body, delayUntil = 0 }) => ({ queue, body, dueAtMs: delayUntil })),
      ...inflight.map(({ message, visibilityDeadline }) => ({
        queue,
        body: message.body,
        dueAtMs: visibilityDeadline,
      })),
    ]
  }

  const file = dataDir === undefined ? undefined : join(dataDir, 'queues.json')
  if (file !== undefined && existsSync(file)) {
    for (const { queue, body, dueAtMs } of JSON.parse(await readFile(file, 'utf8')) as Waiting[]) {
      const delaySeconds = Math.min(Math.max(Math.ceil((dueAtMs - Date.now()) / 1000), 0), 900)
      const url = urls[queue as keyof typeof urls]
      await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body, DelaySeconds: delaySeconds }))
    }
    await rm(file)
  }

  return {
    endpoint,
    deliverQueueUrl: urls.deliver,
    historyQueueUrl: urls.history,
    migrateQueueUrl: urls.migrate,
    async stop() {
      if (file !== undefined && dataDir !== undefined) {
        const waiting = (await Promise.all(names.map(inspect))).flat()
        await mkdir(dataDir, { recursive: true, mode: 0o700 })
        await writeFile(`${file}.new`, JSON.stringify(waiting))
        await rename(`${file}.new`, file)
      }
      sqs.destroy()
      await server.close()
    },
  }
}
