import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { invokeFunction } from './invoke-function.ts'
import { readBody } from './read-body.ts'
import { refuse } from './refuse.ts'
import { refuseEncoding } from './refuse-encoding.ts'
import { toEvent } from './to-event.ts'

export type Gateway = {
  url: string
  port: number
  /** Takes no new request, waits up to 5 s for those that run, then closes. */
  stop(): Promise<void>
}

/** A receive may wait for 20 s; whoever stops the gateway should not. */
const graceMs = 5_000

/**
 * Serves the route table on 127.0.0.1 as API Gateway and Lambda do: real events to the real handlers, 6 MB each way,
 * 30 seconds a request. A client that goes away does not stop the function, as there.
 * @param options.port 0 for a free one
 */
export async function startGateway(options: { port: number; timeoutMs?: number }): Promise<Gateway> {
  const running = new Set<Promise<void>>()
  const server = createServer({ maxHeaderSize: 16 * 1024, keepAliveTimeout: 75_000 }, (request, response) => {
    const work = serve(request, response, options.timeoutMs ?? 30_000).finally(() => running.delete(work))
    running.add(work)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      await Promise.race([Promise.allSettled(running), delay(graceMs, undefined, { ref: false })])
      server.closeAllConnections()
      await closed
    },
  }
}

async function serve(request: IncomingMessage, response: ServerResponse, timeoutMs: number): Promise<void> {
  const requestId = randomUUID()
  const read = await readBody(request)
  if (read.body === null) return
  const event = toEvent(request, read.body, requestId, new Date())
  const refusal = read.refusal ?? refuseEncoding(request.method ?? 'GET', request.url ?? '/')
  const result = refusal ? await refuse(event, refusal) : await invoke(event, timeoutMs)
  send(response, result)
}

async function invoke(event: APIGatewayProxyEventV2, timeoutMs: number): Promise<APIGatewayProxyStructuredResultV2> {
  const outcome = await invokeFunction(event, timeoutMs)
  return 'refusal' in outcome ? refuse(event, outcome.refusal) : outcome.result
}

function send(response: ServerResponse, result: APIGatewayProxyStructuredResultV2): void {
  if (response.destroyed) return
  const body = Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8')
  for (const [name, value] of Object.entries(result.headers ?? {})) response.setHeader(name, String(value))
  if (result.cookies) response.setHeader('set-cookie', result.cookies)
  response.setHeader('content-length', body.length)
  response.writeHead(result.statusCode ?? 200).end(body)
}
