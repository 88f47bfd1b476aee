import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MessageStatus } from '../core/bus/message-status.ts'
import type { Cloud } from '../scripts/local/cloud.ts'
import { type HttpCall, httpCaller } from './http-call.ts'
import { testCloud } from './test-cloud.ts'

type Delivered = { headers: IncomingHttpHeaders; body: string }

let cloud: Cloud
let call: HttpCall
const delivered: Delivered[] = []
const answers: number[] = []
const endpoint = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString()
  delivered.push({ headers: request.headers, body })
  response.writeHead(answers.shift() ?? 204).end()
})

beforeAll(async () => {
  cloud = await testCloud()
  call = httpCaller(cloud.url, cloud.adminKey)
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  endpoint.close()
  await cloud?.stop()
})

async function statusOf(id: string): Promise<MessageStatus['recipients'][number] | undefined> {
  const answer = await call('GET', `/v1/messages/${id}?from_agent=alice`)
  return (answer.body as MessageStatus).recipients[0]
}

async function recordOf(id: string) {
  const { conversations } = await cloud.hive.records()
  const [row] = await conversations.byMessage('alice', id)
  return row
}

describe('a message to an agent with an endpoint', () => {
  let secret: string
  beforeAll(async () => {
    const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/hook`
    const { body } = await call('PUT', '/v1/agents/pushed', { endpoint: url })
    secret = (body as { signing_secret: string }).signing_secret
  })

  const publish = (message_id: string) =>
    call('POST', '/v1/messages', {
      message_id,
      from_agent: 'alice',
      to_agent: 'pushed',
      message_type: 'task',
      body: { text: 'grüße' },
      delivery_options: { backoff: { type: 'fixed', base_seconds: 0 } },
    })

  it('arrives signed, is settled, and stands in history', async () => {
    expect((await publish('pushed-1')).status).toBe(202)
    await expect.poll(() => statusOf('pushed-1')).toMatchObject({ status: 'delivered', attempts: 1 })
    expect(delivered).toHaveLength(1)
    const { headers, body } = delivered[0] as Delivered
    const message = new Webhook(secret).verify(body, headers as Record<string, string>)
    expect(message).toMatchObject({ message_id: 'pushed-1', to_agent: 'pushed', body: { text: 'grüße' } })
    await expect.poll(() => recordOf('pushed-1')).toMatchObject({ status: 'delivered', content: '{"text":"grüße"}' })
  })

  it('is tried again when the endpoint fails, under the same id', async () => {
    delivered.length = 0
    answers.push(500, 503)
    expect((await publish('pushed-2')).status).toBe(202)
    await expect.poll(() => statusOf('pushed-2')).toMatchObject({ status: 'delivered', attempts: 3 })
    expect(new Set(delivered.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    await expect.poll(() => recordOf('pushed-2')).toMatchObject({ status: 'delivered', attempts: 3 })
  })
})

describe('a message to an agent that pulls', () => {
  it('is waited for, received, settled, and stands in history', async () => {
    await call('PUT', '/v1/agents/pulling', {})
    const received = call('POST', '/v1/agents/pulling/inbox/receive', { wait_seconds: 10 })
    const message = { from_agent: 'alice', to_agent: 'pulling', message_type: 'task', body: { n: 1 } }
    expect((await call('POST', '/v1/messages', { ...message, message_id: 'pulled-1' })).status).toBe(202)
    const { messages } = (await received).body as { messages: { receipt: string }[] }
    expect(messages).toMatchObject([{ attempt: 1, message: { message_id: 'pulled-1' } }])
    await call('POST', '/v1/agents/pulling/inbox/settle', { acks: [messages[0]?.receipt] })
    expect(await statusOf('pulled-1')).toMatchObject({ status: 'delivered', state: 'settled' })
    await expect.poll(() => recordOf('pulled-1')).toMatchObject({ status: 'delivered', to_agent: 'pulling' })
  })
})
