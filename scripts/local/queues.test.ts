import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterEach, describe, expect, it } from 'vitest'
import { createQueue } from '../../core/delivery/queue.ts'
import { type LocalQueues, startQueues } from './queues.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function start(options: Parameters<typeof startQueues>[0] = {}): Promise<LocalQueues> {
  const queues = await startQueues(options)
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= queues.stop()
    return stopped
  }
  closers.push(stop)
  return { ...queues, stop }
}

const clientOf = ({ endpoint }: LocalQueues) =>
  new SQSClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } })

async function receive(queues: LocalQueues, queueUrl: string, waitSeconds = 5): Promise<string[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    WaitTimeSeconds: waitSeconds,
    MaxNumberOfMessages: 10,
  })
  return ((await clientOf(queues).send(command)).Messages ?? []).map(({ Body }) => Body ?? '')
}

const queueOf = (queues: LocalQueues) =>
  createQueue({
    sqsEndpoint: queues.endpoint,
    awsRegion: 'us-east-1',
    deliverQueueUrl: queues.deliverQueueUrl,
    historyQueueUrl: queues.historyQueueUrl,
  })

describe('startQueues', () => {
  it('listens on this machine only, on a free port', async () => {
    const [first, second] = [await start(), await start()]
    expect(new URL(first.endpoint).hostname).toBe('127.0.0.1')
    expect(second.endpoint).not.toBe(first.endpoint)
  })

  it('gives both queues a visibility time-out and a dead-letter queue', async () => {
    const queues = await start({ visibilitySeconds: 7, maxReceives: 3 })
    for (const url of [queues.deliverQueueUrl, queues.historyQueueUrl]) {
      const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] })
      const { Attributes } = await clientOf(queues).send(command)
      expect(Attributes?.VisibilityTimeout).toBe('7')
      expect(JSON.parse(Attributes?.RedrivePolicy ?? '{}')).toEqual({
        deadLetterTargetArn: `${Attributes?.QueueArn}-dlq`,
        maxReceiveCount: 3,
      })
    }
  })

  it('moves a message that is never deleted to the dead-letter queue', async () => {
    const queues = await start({ visibilitySeconds: 0, maxReceives: 2 })
    await queueOf(queues).wakeDeliver('billing', 0)
    expect(await receive(queues, queues.deliverQueueUrl)).toHaveLength(1)
    expect(await receive(queues, queues.deliverQueueUrl)).toHaveLength(1)
    expect(await receive(queues, queues.deliverQueueUrl, 0)).toHaveLength(0)
    expect(await receive(queues, `${queues.deliverQueueUrl}-dlq`)).toEqual(['{"agent":"billing"}'])
  })

  it('keeps what waits, what is delayed and what is being worked on over a stop', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'queues-'))
    closers.push(() => rm(dataDir, { recursive: true }))
    const before = await start({ dataDir, visibilitySeconds: 1 })
    await queueOf(before).wakeDeliver('worked-on', 0)
    expect(await receive(before, before.deliverQueueUrl)).toHaveLength(1)
    await queueOf(before).wakeDeliver('waiting', 0)
    await queueOf(before).wakeDeliver('delayed', 900_000)
    await queueOf(before).wakeHistory(3, 0)
    await before.stop()

    const after = await start({ dataDir, visibilitySeconds: 60 })
    expect(await receive(after, after.historyQueueUrl)).toEqual(['{"shard":3}'])
    const seen: string[] = []
    await expect
      .poll(async () => seen.push(...(await receive(after, after.deliverQueueUrl, 1))), { timeout: 5_000 })
      .toBe(2)
    expect(seen.toSorted()).toEqual(['{"agent":"waiting"}', '{"agent":"worked-on"}'])
    const command = new GetQueueAttributesCommand({ QueueUrl: after.deliverQueueUrl, AttributeNames: ['All'] })
    expect((await clientOf(after).send(command)).Attributes?.ApproximateNumberOfMessagesDelayed).toBe('1')
  })
})
