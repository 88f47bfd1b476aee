import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Cloud } from '../scripts/local/cloud.ts'
import { type HttpCall, httpCaller } from './http-call.ts'
import { testCloud } from './test-cloud.ts'

type Line = { message: string; request_id?: string; caused_by?: string; messages?: { message_id: string }[] }

let cloud: Cloud
let call: HttpCall
const lines: Line[] = []
const endpoint = createServer((request, response) => {
  request.resume()
  response.writeHead(204).end()
})

beforeAll(async () => {
  const note = (message: string, extra?: object) => void lines.push({ message, ...extra })
  cloud = await testCloud({ log: { info: note, warn: note, error: note } })
  call = httpCaller(cloud.url, cloud.adminKey)
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  endpoint.close()
  await cloud?.stop()
})

/** The lines that name a message, by what they say. */
const linesOf = (id: string) =>
  new Map(lines.filter((line) => line.messages?.some((one) => one.message_id === id)).map((one) => [one.message, one]))

it('a pushed message is followed from publish through SQS to delivery and history by the lines of the log', async () => {
  const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/hook`
  await call('PUT', '/v1/agents/pushed', { endpoint: url })
  const message = { from_agent: 'alice', to_agent: 'pushed', message_type: 'task', message_id: 'm-1', body: {} }
  const answer = await call('POST', '/v1/messages', { ...message, correlation_id: 'job-7' })
  await expect.poll(() => [...linesOf('m-1').keys()].sort()).toEqual(['published', 'pushed', 'recorded'])
  const [published, pushed] = [linesOf('m-1').get('published'), linesOf('m-1').get('pushed')]
  expect(published?.request_id).toBe(answer.headers.get('x-request-id'))
  expect(published?.messages).toEqual([
    { from_agent: 'alice', to_agent: 'pushed', message_id: 'm-1', correlation_id: 'job-7' },
  ])
  expect(pushed).toMatchObject({ caused_by: published?.request_id, MessagesDelivered: 1 })
  // what history is woken by is whoever came first, of those whose messages wait there
  expect(linesOf('m-1').get('recorded')?.caused_by).toEqual(expect.any(String))
})

it('a pulled message is followed too', async () => {
  await call('PUT', '/v1/agents/pulling', {})
  await call('POST', '/v1/messages', {
    from_agent: 'alice',
    to_agent: 'pulling',
    message_type: 'task',
    message_id: 'm-2',
    body: {},
  })
  await call('POST', '/v1/agents/pulling/inbox/receive', {})
  await expect.poll(() => [...linesOf('m-2').keys()].sort()).toEqual(['published', 'received', 'recorded'])
})
