import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createQueue } from './queue.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const account = 'http://sqs.us-east-1.localhost/000000000000'

/** A queue over a server that records what it is sent and answers as told. */
async function queueOver(answer: (response: http.ServerResponse, request: string) => void) {
  const requests: { target: string | undefined; body: Record<string, unknown> }[] = []
  const server = http.createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    requests.push({ target: request.headers['x-amz-target']?.toString(), body: JSON.parse(body) })
    answer(response, body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  closers.push(() => server.close().closeAllConnections())
  const queue = createQueue({
    sqsEndpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    awsRegion: 'us-east-1',
    deliverQueueUrl: `${account}/deliver`,
    historyQueueUrl: `${account}/history`,
  })
  return { queue, requests }
}

function accept(response: http.ServerResponse, request: string): void {
  const digest = createHash('md5').update(JSON.parse(request).MessageBody).digest('hex')
  response.end(JSON.stringify({ MessageId: '1', MD5OfMessageBody: digest }))
}

describe('createQueue', () => {
  it('sends one message a wake, its delay rounded up to seconds within the limits of SQS', async () => {
    const { queue, requests } = await queueOver(accept)
    await queue.wakeDeliver('billing', 0)
    await queue.wakeDeliver('billing', 1)
    await queue.wakeDeliver('billing', 1_001)
    await queue.wakeDeliver('billing', 86_400_000)
    await queue.wakeDeliver('billing', -5)
    await queue.wakeHistory(7, 1_000)
    expect(requests.map(({ body }) => body)).toEqual([
      ...[0, 1, 2, 900, 0].map((DelaySeconds) => ({
        QueueUrl: `${account}/deliver`,
        MessageBody: '{"agent":"billing"}',
        DelaySeconds,
      })),
      { QueueUrl: `${account}/history`, MessageBody: '{"shard":7}', DelaySeconds: 1 },
    ])
    expect(requests[0]?.target).toBe('AmazonSQS.SendMessage')
  })

  it('throws after two attempts when SQS answers with errors', async () => {
    const { queue, requests } = await queueOver((response) => response.writeHead(500).end('{}'))
    await expect(queue.wakeDeliver('billing', 0)).rejects.toThrow()
    expect(requests).toHaveLength(2)
  })

  it('throws at once when SQS refuses', async () => {
    const { queue, requests } = await queueOver((response) =>
      response.writeHead(400).end('{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no such queue"}'),
    )
    await expect(queue.wakeDeliver('billing', 0)).rejects.toMatchObject({ name: 'QueueDoesNotExist' })
    expect(requests).toHaveLength(1)
  })

  it('throws within seconds when SQS hangs', async () => {
    const { queue, requests } = await queueOver(() => {})
    const startedAt = performance.now()
    await expect(queue.wakeDeliver('billing', 0)).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect(requests).toHaveLength(2)
  })

  it('throws when nobody listens', async () => {
    const queue = createQueue({
      sqsEndpoint: 'http://127.0.0.1:1',
      awsRegion: 'us-east-1',
      deliverQueueUrl: `${account}/deliver`,
      historyQueueUrl: `${account}/history`,
    })
    await expect(queue.wakeHistory(0, 0)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('works again after a failure', async () => {
    let healthy = false
    const { queue, requests } = await queueOver((response, request) =>
      healthy ? accept(response, request) : response.writeHead(400).end('{}'),
    )
    await expect(queue.wakeDeliver('billing', 0)).rejects.toThrow()
    healthy = true
    await queue.wakeDeliver('billing', 0)
    expect(requests).toHaveLength(2)
  })
})
