import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import tls from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { issueCertificate } from '../../test/certificate.ts'
import { hostileEndpoints } from '../../test/hostile-endpoints.ts'
import { createPublicEndpoints, type EndpointPolicy } from './endpoint-guard.ts'
import { decide } from './retry-policy.ts'
import { sendWebhook, type WebhookRequest } from './send.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** Accepts any URL and resolves every host to the given addresses. */
const resolvingTo = (...addresses: string[]): EndpointPolicy => ({
  check: (url) => new URL(url),
  resolve: async () => addresses.map((address) => ({ address, family: 4 })),
})
const here = resolvingTo('127.0.0.1')

async function listen(server: net.Server, host = '127.0.0.1', port = 0): Promise<number> {
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  closers.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(server.listen(port, host), 'listening')
  return (server.address() as AddressInfo).port
}

/** A server that says exactly these bytes once a request has begun to arrive. */
const raw = (talk: (socket: net.Socket) => void) =>
  listen(net.createServer((socket) => void socket.once('data', () => talk(socket))))

const send = (port: number, options: Partial<WebhookRequest> = {}) =>
  sendWebhook({
    url: `http://hooks.example.com:${port}/agents/a?x=1`,
    body: '{"text":"Grüße 🐝"}',
    headers: { 'webhook-id': 'message-1' },
    policy: here,
    timeoutMs: 2_000,
    ...options,
  })

describe('sendWebhook', () => {
  it('posts the exact bytes with its headers and reports the status', async () => {
    const seen: unknown[] = []
    const port = await listen(
      http.createServer(async (request, response) => {
        const body = Buffer.concat(await request.toArray())
        seen.push(request.method, request.url, body.toString(), request.headers)
        response.writeHead(204).end()
      }),
    )
    const answer = await send(port)
    expect(answer).toMatchObject({ status: 204 })
    expect(answer.latencyMs).toBeGreaterThan(0)
    expect(seen).toEqual([
      'POST',
      '/agents/a?x=1',
      '{"text":"Grüße 🐝"}',
      expect.objectContaining({
        host: `hooks.example.com:${port}`,
        'content-type': 'application/json',
        'content-length': '23',
        'webhook-id': 'message-1',
      }),
    ])
  })

  it('reports the wait that the endpoint asks for', async () => {
    const port = await listen(http.createServer((_, response) => response.writeHead(503, { 'retry-after': '7' }).end()))
    expect(await send(port)).toMatchObject({ status: 503, retryAfterMs: 7_000 })
  })

  it.each([301, 302, 303, 307, 308])('never follows a redirect: %i', async (status) => {
    let followed = 0
    const target = await listen(
      http.createServer(() => {
        followed += 1
      }),
    )
    const location = `http://127.0.0.1:${target}/`
    const port = await listen(http.createServer((_, response) => response.writeHead(status, { location }).end()))
    const answer = await send(port)
    expect(answer.status).toBe(status)
    expect(decide(answer).kind).toBe('retry')
    expect(followed).toBe(0)
  })

  it('gives up on an endpoint that takes the request and hangs', async () => {
    const port = await listen(http.createServer(() => {}))
    const answer = await send(port, { timeoutMs: 100 })
    expect(answer).toMatchObject({ status: null, fault: 'timeout' })
    expect(answer.latencyMs).toBeLessThan(1_000)
  })

  it('counts the time in all, not between bytes, when the headers drip in', async () => {
    const port = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx-slow: ')
      const drip = setInterval(() => socket.write('.'), 10)
      socket.on('close', () => clearInterval(drip))
    })
    const answer = await send(port, { timeoutMs: 150 })
    expect(answer).toMatchObject({ status: null, fault: 'timeout' })
    expect(answer.latencyMs).toBeLessThan(1_000)
  })

  it('gives up on a name that does not resolve in time', async () => {
    const policy: EndpointPolicy = { check: (url) => new URL(url), resolve: () => new Promise(() => {}) }
    expect(await send(1, { policy, timeoutMs: 50 })).toMatchObject({ status: null, fault: 'timeout' })
  })

  it('knows the answer from its headers and closes a body that drips on when the time is over', async () => {
    let closed = false
    const port = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n')
      const drip = setInterval(() => socket.write('.'), 10)
      socket.on('close', () => {
        closed = true
        clearInterval(drip)
      })
    })
    const answer = await send(port, { timeoutMs: 200 })
    expect(answer).toMatchObject({ status: 200 })
    expect(answer.latencyMs).toBeGreaterThan(150)
    await expect.poll(() => closed).toBe(true)
  })

  it('stops reading an answer that is too big', async () => {
    let closed = false
    let written = 0
    const port = await raw((socket) => {
      socket.on('close', () => {
        closed = true
      })
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 'x'))) written += 65_536
      }
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n')
      socket.on('drain', more)
      more()
    })
    expect(await send(port)).toMatchObject({ status: 200 })
    await expect.poll(() => closed).toBe(true)
    expect(written).toBeLessThan(64 * 1024 * 1024)
  })

  it.each([
    ['closes at once', (socket: net.Socket) => socket.end()],
    ['resets the connection', (socket: net.Socket) => socket.resetAndDestroy()],
    ['says garbage', (socket: net.Socket) => socket.end('\x00\xff garbage')],
    ['speaks another protocol', (socket: net.Socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
    ['breaks off in the headers', (socket: net.Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-')],
    ['sends endless headers', (socket: net.Socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}`)],
    [
      'switches protocols',
      (socket: net.Socket) => socket.write('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
  ])('reports as unreachable one that %s', async (_, talk) => {
    const answer = await send(await raw(talk))
    expect(answer).toMatchObject({ status: null, fault: 'unreachable', error: expect.any(String) })
    expect(decide(answer)).toEqual({ kind: 'retry', reason: 'endpoint.unreachable' })
  })

  it('reports as unreachable a port where nobody listens', async () => {
    const server = net.createServer()
    const port = await listen(server)
    await new Promise((resolve) => server.close(resolve))
    expect(await send(port)).toMatchObject({ status: null, fault: 'unreachable', error: 'ECONNREFUSED' })
  })

  it('ends when the caller gives it up, before and during', async () => {
    const port = await listen(http.createServer(() => {}))
    const during = new AbortController()
    const answer = send(port, { signal: during.signal })
    during.abort()
    expect(await answer).toMatchObject({ status: null, fault: 'aborted' })
    expect(await send(port, { signal: AbortSignal.abort() })).toMatchObject({ status: null, fault: 'aborted' })
  })
})

describe('pinning', () => {
  it('connects to the checked address even when the name points elsewhere by then', async () => {
    const answers: string[] = []
    const server = (name: string) =>
      http.createServer((_, response) => {
        answers.push(name)
        response.end()
      })
    const port = await listen(server('checked'), '127.0.0.2')
    await listen(server('rebound'), '127.0.0.1', port)
    // DNS that answers with one address to the first question and another to every later one
    let questions = 0
    const policy: EndpointPolicy = {
      check: (url) => new URL(url),
      resolve: async () => {
        questions += 1
        return [{ address: questions === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }]
      },
    }
    expect(await send(port, { policy, url: `http://localhost:${port}/` })).toMatchObject({ status: 200 })
    expect(answers).toEqual(['checked'])
    expect(questions).toBe(1)
  })

  it('sends nothing to a name that has become an inner address', async () => {
    let connections = 0
    const port = await listen(
      net.createServer(() => {
        connections += 1
      }),
    )
    const dns = ['93.184.215.14', '127.0.0.1']
    const policy = createPublicEndpoints(async () => [{ address: dns.shift() ?? '', family: 4 }])
    const url = `https://hooks.example.com:${port}/`
    expect(await policy.resolve(policy.check(url).hostname)).toHaveLength(1)
    const answer = await send(port, { policy, url })
    expect(answer).toMatchObject({ status: null, fault: 'refused' })
    expect(connections).toBe(0)
  })

  it.each(hostileEndpoints)('sends nothing to %.80s', async (url) => {
    const resolved: string[] = []
    const policy = createPublicEndpoints(async (host) => {
      resolved.push(host)
      return [{ address: '127.0.0.1', family: 4 }]
    })
    expect(await send(0, { policy, url })).toMatchObject({ status: null, fault: 'refused' })
    expect(resolved).toEqual([])
  })

  it('sends nothing to a URL that the policy refuses', async () => {
    let connections = 0
    const port = await listen(
      net.createServer(() => {
        connections += 1
      }),
    )
    const answer = await send(port, { policy: createPublicEndpoints(), url: `https://127.0.0.1:${port}/` })
    expect(answer).toMatchObject({ status: null, fault: 'refused' })
    expect(decide(answer)).toEqual({ kind: 'retry', reason: 'endpoint.refused' })
    expect(connections).toBe(0)
  })

  it('uses a connection again, but only for the addresses that it was checked for', async () => {
    const peers: string[] = []
    const server = () =>
      http.createServer((request, response) => {
        peers.push(`${request.socket.localAddress} ${request.socket.remotePort}`)
        response.end()
      })
    const port = await listen(server(), '127.0.0.1')
    await listen(server(), '127.0.0.2', port)
    await send(port)
    await send(port)
    await send(port, { policy: resolvingTo('127.0.0.2') })
    expect(peers[1]).toBe(peers[0])
    expect(peers[2]).toMatch(/^127\.0\.0\.2 /)
  })

  it('tries the next checked address when one does not answer', async () => {
    const port = await listen(http.createServer((_, response) => response.end()))
    expect(await send(port, { policy: resolvingTo('127.0.0.9', '127.0.0.1') })).toMatchObject({ status: 200 })
  })

  it('sends again over a new connection when the old one was closed while idle', async () => {
    // answers the first request of a connection, resets it at the second
    const served: number[] = []
    const port = await listen(
      net.createServer((socket) => {
        let requests = 0
        socket.on('data', () => {
          requests += 1
          served.push(requests)
          if (requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
          else socket.resetAndDestroy()
        })
      }),
    )
    expect(await send(port)).toMatchObject({ status: 200 })
    expect(await send(port)).toMatchObject({ status: 200 })
    expect(served).toEqual([1, 2, 1])
  })
})

describe('over TLS', () => {
  const certificate = issueCertificate('hooks.example.com')
  const listenSecurely = () => listen(https.createServer(certificate, (_, response) => response.end()))

  it('refuses a certificate that nobody vouches for, even if the environment would allow it', async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    closers.push(() => {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    })
    const port = await listenSecurely()
    const answer = await send(port, { url: `https://hooks.example.com:${port}/` })
    expect(answer).toMatchObject({ status: null, fault: 'unreachable', error: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })

  it('connects to the pinned address in the name of the host', async () => {
    const before = tls.getCACertificates('default')
    tls.setDefaultCACertificates([certificate.cert])
    closers.push(() => tls.setDefaultCACertificates(before))
    const port = await listenSecurely()
    expect(await send(port, { url: `https://hooks.example.com:${port}/` })).toMatchObject({ status: 200 })
    expect(await send(port, { url: `https://other.example.com:${port}/` })).toMatchObject({
      status: null,
      fault: 'unreachable',
      error: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
  })
})
