import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { projectAgent } from '../core/bus/projection.ts'
import { publish } from '../core/bus/publish.ts'
import { deliver } from '../core/delivery/deliver.ts'
import { createQueue } from '../core/delivery/queue.ts'
import { sealSecret } from '../core/delivery/seal.ts'
import { generateSigningSecret } from '../core/delivery/signing-secret.ts'
import { parseMessage } from '../core/protocol/message.ts'
import { pollQueue } from '../scripts/local/poll-queue.ts'
import { type LocalQueues, startQueues } from '../scripts/local/queues.ts'
import { type TestHive, testHive } from './hive.ts'

const good = Array.from({ length: 20 }, (_, i) => `good-${i}`)
const hanging = Array.from({ length: 200 }, (_, i) => `hanging-${i}`)

let queues: LocalQueues
let hive: TestHive
let poller: ReturnType<typeof pollQueue>
let server: Server
const arrived = new Map<string, number>()
let held = 0

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      const agent = (request.url ?? '').slice(1)
      if (agent.startsWith('hanging')) {
        held++
        return
      }
      arrived.set(agent, (arrived.get(agent) ?? 0) + 1)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  queues = await startQueues({})
  const at = {
    sqsEndpoint: queues.endpoint,
    deliverQueueUrl: queues.deliverQueueUrl,
    historyQueueUrl: queues.historyQueueUrl,
  }
  // longer than the test: a hanging endpoint never lets go of what holds it
  // a machine that is slow is no reason to give Redis up
  hive = await testHive(
    { deliveryTimeoutMs: 120_000, redisTimeoutMs: 30_000 },
    { queue: createQueue({ ...at, awsRegion: 'us-east-1' }) },
  )
  const { port } = server.address() as AddressInfo
  const secret = generateSigningSecret()
  await Promise.all(
    [...good, ...hanging].map((name) =>
      projectAgent(hive, {
        name,
        endpoint: `http://127.0.0.1:${port}/${name}`,
        endpoint_disabled_at: null,
        sealed_secrets: [sealSecret(secret, name, hive.config.signingRoot)],
        disabled: false,
        version: 1,
        created_at: '',
        updated_at: '',
      }),
    ),
  )
  poller = pollQueue({
    endpoint: queues.endpoint,
    queueUrl: queues.deliverQueueUrl,
    batchSize: 1,
    concurrency: 300,
    handler: async (event) => {
      await Promise.all(event.Records.map((record) => deliver(hive, JSON.parse(record.body).agent)))
    },
  })
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await poller.stop()
  await hive.dispose()
  await queues.stop()
})

async function send(to: string) {
  const message = parseMessage(
    { version: 1, from_agent: 'sender', to_agent: to, message_type: 'note', body: {} },
    { now: Date.now(), newId: hive.ids.messageId },
  )
  await publish(hive, [message])
}

it('keeps delivering to 20 good endpoints while 200 others hang', async () => {
  await Promise.all(hanging.map(send))
  await expect.poll(() => held, { timeout: 30_000 }).toBe(200)
  for (let round = 1; round <= 5; round++) {
    await Promise.all(good.map(send))
    await expect.poll(() => good.every((agent) => arrived.get(agent) === round), { timeout: 10_000 }).toBe(true)
  }
  // none of the hanging sends ended to make room
  expect(held).toBe(200)
})
