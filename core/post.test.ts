import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createPost } from './post.ts'

/** Where a server listens that answers so. */
async function served(listener: RequestListener, host = '127.0.0.1'): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

const told: RequestListener = async (request, response) => {
  const { method, url, headers } = request
  response.end(JSON.stringify({ method, url, headers, body: await text(request) }))
}

describe('a post', () => {
  it.each(['127.0.0.1', '::1'])('arrives whole at %s, with its length in bytes', async (host) => {
    const base = await served(told, host)
    const post = createPost()
    for (const body of ['', 'plain', 'ü€ 🙂', 'x'.repeat(200_000)]) {
      const answer = await post(`${base}/a?b=c`, { authorization: 'Bearer t' }, body, 5_000)
      expect(answer.status).toBe(200)
      expect(JSON.parse(answer.text)).toMatchObject({
        method: 'POST',
        url: '/a?b=c',
        headers: {
          host: base.slice('http://'.length),
          authorization: 'Bearer t',
          'content-length': String(Buffer.byteLength(body)),
        },
        body,
      })
    }
  })

  it('of bytes arrives as they are', async () => {
    const base = await served(told)
    const answer = await createPost()(base, {}, Buffer.from('ü'), 5_000)
    expect(JSON.parse(answer.text)).toMatchObject({ body: 'ü', headers: { 'content-length': '2' } })
  })

  it('is answered by whatever status there is', async () => {
    const base = await served((_, response) => response.writeHead(503, { 'x-why': 'busy' }).end('not now'))
    expect(await createPost()(base, {}, '', 5_000)).toMatchObject({
      status: 503,
      text: 'not now',
      headers: { 'x-why': 'busy' },
    })
  })

  it('uses a connection again', async () => {
    const ports = new Set<number | undefined>()
    const base = await served((request, response) => {
      ports.add(request.socket.remotePort)
      response.end()
    })
    const post = createPost()
    for (let i = 0; i < 3; i++) await post(base, {}, 'x', 5_000)
    expect(ports.size).toBe(1)
  })

  it.each([
    ['says nothing', () => {}],
    ['stops in the middle', (_, response) => response.writeHead(200).write('half')],
  ] satisfies [string, RequestListener][])('ends by its time-out where the server %s', async (_, listener) => {
    const base = await served(listener)
    await expect(createPost()(base, {}, 'x', 50)).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('tells of a server that closes the connection', async () => {
    const base = await served((request) => request.socket.destroy())
    await expect(createPost()(base, {}, 'x', 5_000)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})
