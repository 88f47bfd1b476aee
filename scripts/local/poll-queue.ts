import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { SQSBatchResponse, SQSEvent, SQSMessageAttributes, SQSRecord } from 'aws-lambda'

/** A poller. `stop` ends the polling at once and resolves when the handlers under way have ended. */
export type Poller = { stop(): Promise<void> }

export type PollQueueOptions = {
  endpoint: string
  queueUrl: string
  /** A Lambda handler with partial batch responses. Its time limit is its own affair. */
  handler(event: SQSEvent): Promise<SQSBatchResponse> | Promise<void>
  /** Messages in one event, 1 to 10. */
  batchSize: number
  /** Handlers that may run at the same time (the event source's MaximumConcurrency). */
  concurrency: number
  /** Seconds of one long poll, 1 to 20. */
  waitSeconds?: number
  region?: string
  /** Told of every handler that threw and of every failure to reach the queue. */
  onError?: (error: unknown) => void
}

/**
 * Feeds a handler from a queue as Lambda's event source mapping does: long polling, events of the real shape, messages
 * deleted unless the handler threw or listed them in `batchItemFailures`. Those stay hidden until their visibility
 * time-out. An idle poller costs one request per `waitSeconds`.
 *
 * `waitSeconds` is short of SQS's 20 because a local queue that loses its poller in the middle of a long poll may hand the
 * next message to nobody until its visibility time-out.
 */
export function pollQueue(options: PollQueueOptions): Poller {
  const { endpoint, queueUrl, handler, batchSize, concurrency, waitSeconds = 5, region = 'us-east-1' } = options
  const onError = options.onError ?? (() => {})
  const sqs = new SQSClient({ endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } })
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  const arn = arnOf(queueUrl, region)

  async function receive(max: number): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(max, 10),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    })
    return (await sqs.send(command, { abortSignal: stopping.signal })).Messages ?? []
  }

  async function invoke(messages: Message[]): Promise<void> {
    const records = messages.map((message) => toRecord(message, arn, region))
    const handled = settledRecords(records, (await handler({ Records: records })) || undefined)
    if (handled.length === 0) return
    const entries = handled.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }))
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }))
  }

  function run(messages: Message[]): void {
    const done: Promise<void> = invoke(messages)
      .catch(onError)
      .finally(() => running.delete(done))
    running.add(done)
  }

  async function poll(): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      if (running.size >= concurrency) {
        await Promise.race(running)
        continue
      }
      try {
        const messages = await receive((concurrency - running.size) * batchSize)
        for (let at = 0; at < messages.length; at += batchSize) run(messages.slice(at, at + batchSize))
        failures = 0
      } catch (error) {
        if (stopping.signal.aborted) return
        onError(error)
        failures += 1
        await sleep(Math.min(5_000, 100 * 2 ** failures), undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  }

  const polling = poll()
  return {
    async stop() {
      stopping.abort()
      await polling
      await Promise.all(running)
      sqs.destroy()
    },
  }
}

/** The records that are done. As with Lambda, an answer that names a record that was not in the event fails them all. */
function settledRecords(records: SQSRecord[], response: SQSBatchResponse | undefined): SQSRecord[] {
  const failed = new Set(response?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier))
  const known = records.filter(({ messageId }) => failed.has(messageId))
  if (known.length < failed.size) return []
  return records.filter(({ messageId }) => !failed.has(messageId))
}

function toRecord(message: Message, arn: string, region: string): SQSRecord {
  const attributes: SQSMessageAttributes = {}
  for (const [name, value] of Object.entries(message.MessageAttributes ?? {})) {
    attributes[name] = {
      stringValue: value.StringValue,
      binaryValue: value.BinaryValue && Buffer.from(value.BinaryValue).toString('base64'),
      stringListValues: [],
      binaryListValues: [],
      dataType: value.DataType ?? 'String',
    }
  }
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: {
      ApproximateReceiveCount: message.Attributes?.ApproximateReceiveCount ?? '1',
      SentTimestamp: message.Attributes?.SentTimestamp ?? '0',
      SenderId: message.Attributes?.SenderId ?? '',
      ApproximateFirstReceiveTimestamp: message.Attributes?.ApproximateFirstReceiveTimestamp ?? '0',
    },
    messageAttributes: attributes,
    md5OfBody: message.MD5OfBody ?? '',
    ...(message.MD5OfMessageAttributes === undefined ? {} : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: region,
  }
}

/** A queue's URL ends in account and name. */
function arnOf(queueUrl: string, region: string): string {
  const [account, name] = new URL(queueUrl).pathname.split('/').slice(-2)
  return `arn:aws:sqs:${region}:${account}:${name}`
}
