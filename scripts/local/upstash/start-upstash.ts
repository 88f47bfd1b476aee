import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerLocalRoute } from './answer-local-route.ts'
import type { Argument } from './encode-command.ts'
import { type Encoding, encodeResult } from './encode-result.ts'
import { Faults } from './faults.ts'
import { type Prepared, prepareCommand } from './prepare-command.ts'
import { BadRequest, commandFromBody, commandFromPath, commandsFromBody } from './read-commands.ts'
import { isFailure, type Reply } from './read-replies.ts'
import { RecordSizes } from './record-sizes.ts'
import { RedisConnection, RedisUnavailable, type SizedReply } from './redis-connection.ts'
import { ScriptCatalog } from './script-catalog.ts'
import { Stats } from './stats.ts'

export type UpstashOptions = {
  /** The real Redis behind it: `redis://[user:password@]host:port[/database]`. */
  redisUrl: string
  /** The bearer token that callers must send. */
  token: string
  /** Port of 127.0.0.1; a free one when absent. */
  port?: number
  /** Bytes that one record may have; Upstash's 100 MB when absent. */
  recordLimitBytes?: number
}

export type UpstashServer = {
  url: string
  token: string
  port: number
  stats: Stats
  faults: Faults
  /** Stops listening and ends every connection. */
  close(): Promise<void>
}

/** What Upstash lets through in one request, and in one reply. */
const requestLimitBytes = 10 * 1024 * 1024
const recordLimitBytes = 100 * 1024 * 1024

/**
 * Starts a server on 127.0.0.1 that speaks Upstash's REST protocol in front of a real Redis, with Upstash's limits and
 * its way of counting commands. It resolves when it listens, whether Redis is up or not; while Redis is away requests
 * are answered at once with 503 (not sent) or 500 (sent, and nobody knows whether it was applied).
 *
 * For tests and benches in other processes there are, with the same token: `GET /_local/stats`,
 * `POST /_local/stats/reset` and `POST /_local/faults` (see answerLocalRoute).
 */
export async function startUpstash(options: UpstashOptions): Promise<UpstashServer> {
  const stats = new Stats()
  const faults = new Faults()
  const catalog = new ScriptCatalog()
  const redis = new RedisConnection(options.redisUrl)
  await redis.connect()
  const context: Context = {
    redis,
    catalog,
    records: new RecordSizes(redis, options.recordLimitBytes ?? recordLimitBytes),
    stats,
    faults,
    token: Buffer.from(`Bearer ${options.token}`),
  }

  const server = createServer({ noDelay: true, requestTimeout: 0 }, (request, response) => {
    handle(context, request, response).catch((error: unknown) => {
      if (response.headersSent || request.destroyed) return
      answerError(response, 500, `ERR ${error instanceof Error ? error.message : error}`)
    })
  })
  // Longer than any client keeps an idle connection, else its next request may meet a closed one and be sent twice.
  server.keepAliveTimeout = 300_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  }).catch((error: unknown) => {
    redis.close()
    throw error
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    token: options.token,
    port,
    stats,
    faults,
    close: () =>
      new Promise((resolve) => {
        redis.close()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Context = {
  redis: RedisConnection
  catalog: ScriptCatalog
  records: RecordSizes
  stats: Stats
  faults: Faults
  token: Buffer
}

async function handle(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request)
  const url = new URL(request.url ?? '/', 'http://local')
  if (!isAuthorized(context, request, url)) {
    return answerError(response, 401, 'WRONGPASS invalid or missing auth token')
  }
  if (url.pathname.startsWith('/_local/')) {
    const { status, value } = answerLocalRoute(context, request.method ?? 'GET', url.pathname, body)
    return answer(response, status, JSON.stringify(value))
  }

  context.stats.requests++
  if (context.faults.latencyMs > 0) await sleep(context.faults.latencyMs)
  try {
    await answerCommands(context, request, url, body, response)
  } catch (error) {
    if (error instanceof BadRequest) return answerError(response, error.status, error.message)
    if (error instanceof RedisUnavailable) return answerError(response, error.sent ? 500 : 503, `ERR ${error.message}`)
    throw error
  }
}

async function answerCommands(
  context: Context,
  request: IncomingMessage,
  url: URL,
  body: Buffer | number,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET'
  if (!['GET', 'HEAD', 'POST', 'PUT'].includes(method)) throw new BadRequest(405, 'ERR method not allowed')
  if (typeof body === 'number') throw new BadRequest(400, tooLarge(body))
  if (request.headers['upstash-response-format'] === 'resp2') {
    throw new BadRequest(400, 'ERR the resp2 response format is not served here')
  }
  const encoding: Encoding = request.headers['upstash-encoding'] === 'base64' ? 'base64' : 'text'

  const together = url.pathname === '/pipeline' || url.pathname === '/multi-exec'
  const commands = together
    ? commandsFromBody(body)
    : [url.pathname === '/' ? commandFromBody(body) : commandFromPath(url, body)]
  const prepared = commands.map((command) => prepare(context, command))

  const fault = context.faults.take(prepared)
  if (fault === 'drop-before') return void request.socket.destroy()
  if (fault === '429') throw new BadRequest(429, 'ERR max requests limit exceeded')
  if (fault === '500') throw new BadRequest(500, 'ERR internal error')

  const results =
    url.pathname === '/multi-exec' ? await runTransaction(context, prepared) : await runEach(context, prepared)
  if (fault === 'drop-after') return void request.socket.destroy()

  if (together) {
    const items = results.map((reply) => encodeItem(reply, encoding))
    return answer(response, 200, `[${items.join(',')}]`)
  }
  const [result = null] = results
  answer(response, isFailure(result) ? 400 : 200, encodeItem(result, encoding))
}

function prepare({ catalog, records }: Context, command: readonly Argument[]): Prepared {
  const prepared = prepareCommand(command, catalog)
  const refusal = prepared.refusal ?? records.refuse(prepared.name, command)
  return refusal === undefined ? prepared : { ...prepared, refusal }
}

function encodeItem(reply: Reply, encoding: Encoding): string {
  return isFailure(reply) ? `{"error":${JSON.stringify(reply.error)}}` : `{"result":${encodeResult(reply, encoding)}}`
}

/** Runs commands in order; one that is refused or fails does not stop the others. */
async function runEach(context: Context, prepared: readonly Prepared[]): Promise<Reply[]> {
  const allowed = prepared.filter((one) => one.refusal === undefined)
  const replies = allowed.length > 0 ? await context.redis.send(allowed.map((one) => one.command)) : []
  let at = 0
  return prepared.map((one) => {
    if (one.refusal !== undefined) return { error: one.refusal }
    return finish(context, one, replies[at++] ?? { reply: null, bytes: 0 })
  })
}

/** Runs commands between MULTI and EXEC. When Redis or a limit refuses one of them, none is applied. */
async function runTransaction(context: Context, prepared: readonly Prepared[]): Promise<Reply[]> {
  for (const one of prepared) if (one.refusal !== undefined) throw new BadRequest(400, one.refusal)
  const replies = await context.redis.send([['MULTI'], ...prepared.map((one) => one.command), ['EXEC']])
  const last = replies.at(-1)
  if (!Array.isArray(last?.reply)) {
    const refused = replies.find(({ reply }) => isFailure(reply))?.reply ?? null
    throw new BadRequest(400, isFailure(refused) ? refused.error : 'EXECABORT Transaction discarded')
  }
  const { reply, bytes } = last
  if (bytes > requestLimitBytes) throw new BadRequest(400, tooLarge(bytes))
  return prepared.map((one, index) => finish(context, one, { reply: reply[index] ?? null, bytes: 0 }))
}

/** Counts a command that ran, and gives the reply for the client. */
function finish(context: Context, prepared: Prepared, { reply, bytes }: SizedReply): Reply {
  context.stats.count(prepared.name)
  context.records.note(prepared.name, prepared.command)
  const result = prepared.finish(reply, (name, times) => context.stats.count(name, times))
  return bytes > requestLimitBytes ? { error: tooLarge(bytes) } : result
}

function tooLarge(bytes: number): string {
  return (
    `ERR max request size exceeded. Limit: ${requestLimitBytes} bytes, Actual: ${bytes} bytes. ` +
    'See https://upstash.com/docs/redis/troubleshooting/max_request_size_exceeded for details'
  )
}

/** The whole body; only its size when it is over the limit. It is read to its end then too, so that the client listens. */
async function readBody(request: IncomingMessage): Promise<Buffer | number> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= requestLimitBytes) chunks.push(chunk)
  }
  if (bytes > requestLimitBytes) return bytes
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

function isAuthorized({ token }: Context, request: IncomingMessage, url: URL): boolean {
  const parameter = url.searchParams.get('_token')
  const given = Buffer.from(request.headers.authorization ?? (parameter === null ? '' : `Bearer ${parameter}`))
  return given.length === token.length && timingSafeEqual(given, token)
}

let answers = 0

function answer(response: ServerResponse, status: number, text: string): void {
  response.sendDate = false
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    // Callers hand back the newest one, so that their reads see their writes. With one Redis they always do.
    'upstash-sync-token': `local:${++answers}`,
  })
  response.end(text)
}

function answerError(response: ServerResponse, status: number, message: string): void {
  answer(response, status, JSON.stringify({ error: message }))
}
