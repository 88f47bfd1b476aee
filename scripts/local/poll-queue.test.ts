import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type PollQueueOptions, pollQueue } from './poll-queue.ts'
import { type LocalQueues, startQueues } from './queues.ts'

let queues: LocalQueues
let sqs: SQSClient
const closers: (() => Promise<void>)[] = []

beforeEach(async () => {
  queues = await startQueues({ visibilitySeconds: 1, maxReceives: 3 })
  sqs = new SQSClient({
    endpoint: queues.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
  sqs.destroy()
  await queues.stop()
})

const send = (body: string) => sqs.send(new SendMessageCommand({ QueueUrl: queues.deliverQueueUrl, MessageBody: body }))

function poll(handler: PollQueueOptions['handler'], options: Partial<PollQueueOptions> = {}) {
  const { endpoint, deliverQueueUrl: queueUrl } = queues
  const poller = pollQueue({ endpoint, queueUrl, handler, batchSize: 1, concurrency: 2, ...options })
  closers.push(poller.stop)
  return poller
}

/** Messages that the queue holds, hidden ones included. */
async function held(queue = 'deliver'): Promise<number> {
  const answer = await fetch(`${queues.endpoint}/_fauxqs/queues/${queue}`)
  const { messages } = (await answer.json()) as { messages: Record<string, unknown[]> }
  return Object.values(messages).flat().length
}

const bodies = (events: SQSEvent[]) => events.flatMap(({ Records }) => Records.map(({ body }) => body))

describe('pollQueue', () => {
  it('gives the handler an event of the real shape and deletes its messages', async () => {
    const events: SQSEvent[] = []
    poll(async (event) => {
      events.push(event)
    })
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: queues.deliverQueueUrl,
        MessageBody: '{"agent":"billing"}',
        MessageAttributes: { trace: { DataType: 'String', StringValue: 'abc' } },
      }),
    )
    await vi.waitFor(async () => expect(await held()).toBe(0))
    expect(events).toEqual([
      {
        Records: [
          {
            messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
            receiptHandle: expect.any(String),
            body: '{"agent":"billing"}',
            attributes: {
              ApproximateReceiveCount: '1',
              SentTimestamp: expect.stringMatching(/^\d{13}$/),
              SenderId: expect.any(String),
              ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
            },
            messageAttributes: {
              trace: { stringValue: 'abc', stringListValues: [], binaryListValues: [], dataType: 'String' },
            },
            md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
            md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
            eventSource: 'aws:sqs',
            eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:deliver',
            awsRegion: 'us-east-1',
          },
        ],
      },
    ])
  })

  it('gives again only what is listed as failed, after the visibility time-out', async () => {
    for (const body of ['a', 'b', 'c']) await send(body)
    const events: SQSEvent[] = []
    poll(
      async (event): Promise<SQSBatchResponse> => {
        events.push(event)
        const failed = event.Records.filter((r) => r.body === 'b' && r.attributes.ApproximateReceiveCount === '1')
        return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) }
      },
      { batchSize: 10 },
    )
    await vi.waitFor(async () => expect(await held()).toBe(0), { timeout: 5_000 })
    expect(bodies(events)).toEqual(['a', 'b', 'c', 'b'])
  })

  it('gives everything again when the handler throws, and in the end to the dead-letter queue', async () => {
    await send('poison')
    const errors: unknown[] = []
    const events: SQSEvent[] = []
    poll(
      async (event) => {
        events.push(event)
        throw new Error('handler is broken')
      },
      { onError: (error) => errors.push(error) },
    )
    await vi.waitFor(async () => expect(await held('deliver-dlq')).toBe(1), { timeout: 10_000 })
    expect(bodies(events)).toEqual(['poison', 'poison', 'poison'])
    expect(errors.map(String)).toEqual(Array(3).fill('Error: handler is broken'))
  })

  it.each(['', 'no-such-message'])('takes the failure of an unknown message (%j) as the failure of all', async (id) => {
    await send('a')
    let calls = 0
    poll(async (): Promise<SQSBatchResponse> => {
      calls += 1
      return { batchItemFailures: calls === 1 ? [{ itemIdentifier: id }] : [] }
    })
    await vi.waitFor(async () => expect(await held()).toBe(0), { timeout: 5_000 })
    expect(calls).toBe(2)
  })

  it('runs no more handlers at once than it may, and as many', async () => {
    for (let n = 0; n < 12; n += 1) await send(String(n))
    let [now, most, done] = [0, 0, 0]
    const gates: (() => void)[] = []
    poll(
      async (event) => {
        expect(event.Records).toHaveLength(1)
        now += 1
        most = Math.max(most, now)
        await new Promise<void>((open) => gates.push(open))
        now -= 1
        done += 1
      },
      { concurrency: 3 },
    )
    await vi.waitFor(() => expect(now).toBe(3))
    await vi.waitFor(() => {
      gates.shift()?.()
      expect(done).toBe(12)
    })
    expect(most).toBe(3)
  })

  it('cuts what it receives into events of the batch size', async () => {
    for (let n = 0; n < 7; n += 1) await send(String(n))
    const events: SQSEvent[] = []
    poll(async (event) => void events.push(event), { batchSize: 3, concurrency: 5 })
    await vi.waitFor(async () => expect(await held()).toBe(0))
    expect(events.map(({ Records }) => Records.length)).toEqual([3, 3, 1])
  })

  it('wakes at once and costs one request per long poll when idle', async () => {
    const send = vi.spyOn(SQSClient.prototype, 'send')
    const receives = () => send.mock.calls.filter(([command]) => command instanceof ReceiveMessageCommand)
    try {
      const latencies: number[] = []
      poll(async ({ Records }) => {
        for (const { body } of Records) latencies.push(performance.now() - Number(body))
      })
      await vi.waitFor(() => expect(receives()).toHaveLength(1))
      for (let n = 1; n <= 5; n += 1) {
        await sqs.send(
          new SendMessageCommand({ QueueUrl: queues.deliverQueueUrl, MessageBody: String(performance.now()) }),
        )
        await vi.waitFor(() => expect(latencies).toHaveLength(n))
      }
      expect(Math.min(...latencies)).toBeLessThan(100)
      expect(receives().length).toBeLessThanOrEqual(11)
    } finally {
      send.mockRestore()
    }
  })

  it('waits for the handlers under way when it stops, and takes nothing more', async () => {
    await send('a')
    const started = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const poller = poll(async () => {
      started.resolve()
      await gate.promise
    })
    await started.promise
    const stopped = poller.stop()
    await send('b')
    gate.resolve()
    await stopped
    expect(await held()).toBe(1)
  })

  it('goes on when the queue was away for a while', async () => {
    const { port } = new URL(queues.endpoint)
    const errors: unknown[] = []
    const events: SQSEvent[] = []
    poll(async (event) => void events.push(event), { onError: (error) => errors.push(error) })
    await queues.stop()
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0))
    queues = await startQueues({ port: Number(port) })
    await send('a')
    await vi.waitFor(() => expect(bodies(events)).toEqual(['a']), { timeout: 10_000 })
  })
})
