import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createFaults, type Faults } from './faults.ts'
import { createPools } from './pools.ts'
import { createRelay } from './relay.ts'
import { runSql } from './run-sql.ts'
import { SqlFailure } from './sql-failure.ts'

export type NeonServer = {
  /** For `neonConfig.fetchEndpoint`. */
  readonly httpEndpoint: string
  /** For `neonConfig.wsProxy`, with `useSecureWebSocket`, `pipelineTLS` and `pipelineConnect` off. */
  readonly wsProxy: string
  readonly port: number
  readonly faults: Faults
  /** Stops listening and cuts what is open. */
  close(): Promise<void>
}

/** Neon refuses longer requests with 413. */
const maxRequestBytes = 10 * 1024 * 1024

/**
 * Serves on 127.0.0.1 what Neon's serverless driver speaks, HTTP and WebSocket, in front of one Postgres: any database
 * of the server in `postgresUrl`, with the credentials that each request brings, and no other server. Postgres may go
 * away and come back.
 */
export async function startNeon(options: { postgresUrl: string; port?: number }): Promise<NeonServer> {
  const { hostname, port: postgresPort } = new URL(options.postgresUrl)
  const address = { host: hostname, port: Number(postgresPort || 5432) }
  const pools = createPools()
  const relay = createRelay(address)
  const faults = createFaults()

  const server = createServer(async (request, response) => {
    const { failWith, dropAnswer } = faults.next()
    const { status, text } = await answer(request, failWith)
    if (faults.latencyMs > 0) await delay(faults.latencyMs)
    if (dropAnswer) request.socket.destroy()
    else send(response, status, text)
  })

  async function answer(request: IncomingMessage, failWith?: number): Promise<{ status: number; text: string }> {
    try {
      const body = await readBody(request)
      if (request.method !== 'POST' || request.url !== '/sql') throw new SqlFailure(404, 'POST /sql is served here')
      if (failWith !== undefined) throw new SqlFailure(failWith, 'a fault that was asked for')
      const text = await runSql(pools, `${address.host}:${address.port}`, { headers: request.headers, body })
      return { status: 200, text }
    } catch (error) {
      const failure = error instanceof SqlFailure ? error : new SqlFailure(500, 'internal error')
      return { status: failure.status, text: JSON.stringify(failure.body) }
    }
  }

  server.on('upgrade', relay.accept)
  // longer than any client keeps a connection, so that none is closed under a request
  server.keepAliveTimeout = 75_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo

  return {
    httpEndpoint: `http://127.0.0.1:${port}/sql`,
    wsProxy: `127.0.0.1:${port}/v2`,
    port,
    faults,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      relay.close()
      await Promise.all([closed, pools.close()])
    },
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    // read to the end all the same: a client that is still sending would not see the answer
    if (size <= maxRequestBytes) chunks.push(chunk)
  }
  if (size > maxRequestBytes) throw new SqlFailure(413, `request is too large (max is ${maxRequestBytes} bytes)`)
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)
}
