import { Agent, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import type { Random } from '../random.ts'
import type { FuzzAnswer } from './check-answer.ts'
import type { FuzzRequest } from './make-request.ts'

/** Sends requests as they are, whatever is in them. */
export function createSender(url: string): { send(request: FuzzRequest): Promise<FuzzAnswer>; close(): void } {
  const { hostname: host, port } = new URL(url)
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  return {
    send: ({ method, path, headers, body }) =>
      new Promise((resolve, reject) => {
        // Node tells a body's length for some methods only
        const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
        const request = httpRequest(
          { host, port, method, path, agent, headers: { ...headers, ...length } },
          (response) => {
            const { statusCode: status = 0, headers: answered } = response
            readText(response).then((text) => resolve({ status, type: answered['content-type'] ?? '', text }), reject)
          },
        )
        request.on('error', reject)
        request.end(body)
      }),
    close: () => agent.destroy(),
  }
}

/** Sends bytes that are no HTTP, or nearly; gives the status of the answer, 0 where the connection was closed without one. */
export async function sendBytes(random: Random, url: string): Promise<number> {
  const { hostname, port } = new URL(url)
  const head = 'POST /v1/messages HTTP/1.1\r\nhost: x\r\n'
  const bytes = random.pick([
    Buffer.from(Array.from({ length: random.int(1, 400) }, () => random.int(0, 255))),
    `${head}content-length: 5\r\ncontent-length: 6\r\n\r\n{}`,
    `${head}content-length: -1\r\n\r\n{}`,
    `${head}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
    `${head}transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    `${head}x: ${'y'.repeat(40_000)}\r\n\r\n`,
    `GET ${'/a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
    `${head}authorization: Bearer \0\x01\r\n\r\n`,
    'GET / HTTP/9.9\r\n\r\n',
    'GET http://169.254.169.254/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    '\r\n\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    `${head}connection: close\r\ncontent-length: 2\r\n\r\n\xff\xfe`,
  ])
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.end(bytes))
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    // a server waits for what was announced, and longer than anybody here wants to
    socket.setTimeout(300, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => {
      const status = /^HTTP\/1\.1 (\d{3})/.exec(Buffer.concat(chunks).toString('latin1'))?.[1]
      resolve(Number(status ?? 0))
    })
  })
}
