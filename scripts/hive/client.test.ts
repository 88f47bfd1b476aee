import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { HiveClient } from './client.ts'
import { HiveProblem, HiveUnreachable } from './problem.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A server that answers one request after another as told, the last answer again and again. */
async function serve(...answers: Answer[]) {
  const seen: { method: string; url: string; key: string; idempotencyKey: string }[] = []
  const server = createServer((request, response) => {
    const answer = answers[Math.min(seen.length, answers.length - 1)] as Answer
    seen.push({
      method: request.method ?? '',
      url: request.url ?? '',
      key: request.headers.authorization ?? '',
      idempotencyKey: String(request.headers['idempotency-key'] ?? ''),
    })
    request.resume().on('end', () => answer(request, response))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
const refuse = (status: number, code: string, headers: Record<string, string> = {}) =>
  json({ status, code, detail: 'no', errors: [{ field: 'a', message: 'is wrong' }] }, status, headers)
const hangUp: Answer = (request) => request.socket.destroy()

describe('HiveClient', () => {
  it('sends the key, and names and ids as one segment of the path', async () => {
    const { url, seen } = await serve(json({ recipients: [] }))
    await new HiveClient(`${url}/`, 'the-key').messageStatus('a/b c', 'p & q')
    expect(seen).toMatchObject([
      { method: 'GET', url: '/v1/messages/a%2Fb%20c?from_agent=p+%26+q', key: 'Bearer the-key' },
    ])
  })

  it('asks again after Retry-After, under the same request id', async () => {
    const answer = { messages: [], counts: {} }
    const { url, seen } = await serve(
      refuse(429, 'inbox.full', { 'retry-after': '0' }),
      refuse(503, 'x', { 'retry-after': '0' }),
      hangUp,
      json(answer),
    )
    expect(await new HiveClient(url, 'k').receive('a', { max: 1 })).toEqual(answer)
    expect(seen).toHaveLength(4)
    expect(seen[0]?.idempotencyKey).not.toBe('')
    expect(new Set(seen.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1)
  })

  it('gives up after five tries with the last refusal', async () => {
    const { url, seen } = await serve(refuse(503, 'redis.unavailable', { 'retry-after': '0' }))
    await expect(new HiveClient(url, 'k').inbox('a')).rejects.toMatchObject({ code: 'redis.unavailable' })
    expect(seen).toHaveLength(5)
  })

  it('does not wait longer than it has patience', async () => {
    const { url, seen } = await serve(refuse(429, 'inbox.full', { 'retry-after': '3600' }))
    await expect(new HiveClient(url, 'k').publish({})).rejects.toMatchObject({ code: 'inbox.full' })
    expect(seen).toHaveLength(1)
  })

  it('never writes a measurement twice because an answer was lost', async () => {
    const { url, seen } = await serve(hangUp)
    await expect(new HiveClient(url, 'k').writeMetrics([{}])).rejects.toBeInstanceOf(HiveUnreachable)
    expect(seen).toHaveLength(1)
  })

  it('throws a refusal with its fields', async () => {
    const { url, seen } = await serve(refuse(400, 'request.invalid'))
    const error = await new HiveClient(url, 'k').publish({}).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HiveProblem)
    expect(error).toMatchObject({
      code: 'request.invalid',
      message: 'no',
      errors: [{ field: 'a', message: 'is wrong' }],
    })
    expect(seen).toHaveLength(1)
  })

  it.each([200, 404, 502])('says that a page with status %i is no hive’s answer', async (status) => {
    const { url } = await serve((_request, response) => response.writeHead(status).end('<html>hello</html>'))
    await expect(new HiveClient(url, 'k').health()).rejects.toThrow(`answered ${status}`)
  })

  it('says at once when nobody listens', async () => {
    const { url } = await serve(hangUp)
    for (const close of closers.splice(0)) close()
    const error = await new HiveClient(url, 'k').health().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HiveUnreachable)
    expect(error).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') })
  })
})
