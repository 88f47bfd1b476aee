import http from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import { finished } from 'node:stream/promises'
import { HiveError } from '../errors.ts'
import { type Address, type EndpointPolicy, hostOf } from './endpoint-guard.ts'
import { type Answer, type Fault, parseRetryAfter } from './retry-policy.ts'

export type WebhookRequest = {
  url: string
  /** The very bytes that were signed. */
  body: string | Buffer
  headers: Record<string, string>
  policy: EndpointPolicy
  /** For everything together: look-up, connection, sending, and the whole answer. */
  timeoutMs: number
  /** Gives the attempt up. */
  signal?: AbortSignal | undefined
}

export type WebhookAnswer = Answer & {
  /** Time until the end of the answer, or until there was no hope of one. */
  latencyMs: number
  /** What went wrong, for logs: an error code or text of the network, never content. */
  error?: string
}

/** Bytes of an answer that are read (and thrown away) so that its connection can serve again. */
const maxAnswerBytes = 64 * 1024

/** Connections serve again only for the addresses that they were checked for; `pin` is the list of them. */
type Pinned = { pin: string }
const pooled = { keepAlive: true, scheduling: 'lifo' } as const
const agents = {
  http: pinConnections(new http.Agent(pooled)),
  https: pinConnections(new https.Agent({ ...pooled, rejectUnauthorized: true })),
}

/**
 * Sends one webhook by POST and tells what came of it; it never throws. Whether the message is accepted is known from
 * the answer's headers: its body is read and thrown away, and nothing that goes wrong there changes the result.
 * Redirects are not followed and proxies not used. The connection goes only to addresses that the policy checked for
 * this very send, so a name that changes its address in between gains nothing.
 */
export async function sendWebhook(request: WebhookRequest): Promise<WebhookAnswer> {
  const startedAt = performance.now()
  const latencyMs = () => performance.now() - startedAt
  const stop = new AbortController()
  const giveUp = () => stop.abort('aborted' satisfies Fault)
  const timer = setTimeout(() => stop.abort('timeout' satisfies Fault), request.timeoutMs)
  request.signal?.addEventListener('abort', giveUp)
  if (request.signal?.aborted) giveUp()
  try {
    stop.signal.throwIfAborted()
    const url = request.policy.check(request.url)
    const addresses = await unlessAborted(request.policy.resolve(hostOf(url)), stop.signal)
    const response = await post(url, addresses, request, stop.signal)
    await discardBody(response)
    const retryAfterMs = parseRetryAfter(response.headers['retry-after'], Date.now())
    return { status: response.statusCode ?? null, retryAfterMs, latencyMs: latencyMs() }
  } catch (error) {
    return { status: null, ...explain(error, stop.signal), latencyMs: latencyMs() }
  } finally {
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', giveUp)
  }
}

/** Posts over a pooled connection, and once more over a new one if the pooled one turns out to have been closed. */
async function post(
  url: URL,
  addresses: Address[],
  request: WebhookRequest,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const first = start(url, addresses, request, signal, url.protocol === 'https:' ? agents.https : agents.http)
  try {
    return await first.response
  } catch (error) {
    const closedWhileIdle = first.request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '')
    if (!closedWhileIdle || signal.aborted) throw error
    return start(url, addresses, request, signal, false).response
  }
}

function start(url: URL, addresses: Address[], given: WebhookRequest, signal: AbortSignal, agent: http.Agent | false) {
  const body = Buffer.from(given.body)
  const options: https.RequestOptions & Pinned = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'agent-hive',
      ...given.headers,
      'content-length': body.length,
    },
    agent,
    rejectUnauthorized: true,
    lookup: answerWith(addresses),
    pin: addresses.map(({ address }) => address).join(),
    signal,
  }
  const request = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options)
  const response = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject)
    // an answer that asks for another protocol closes the request without an error
    request.once('close', () => reject(new Error('closed without an answer')))
  })
  request.end(body)
  return { request, response }
}

/** A look-up that knows only the checked addresses. */
function answerWith(addresses: Address[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses
    if (options.all) callback(null, addresses)
    else callback(null, first?.address ?? '', first?.family ?? 4)
  }
}

function pinConnections<Agent extends http.Agent>(agent: Agent): Agent {
  const nameOf = agent.getName.bind(agent)
  agent.getName = (options?: https.RequestOptions & Partial<Pinned>) => `${nameOf(options)}:${options?.pin}`
  return agent
}

/** Resolves when the body has ended, however it ended. */
async function discardBody(response: http.IncomingMessage): Promise<void> {
  let left = maxAnswerBytes
  response.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) response.destroy()
  })
  await finished(response).catch(() => {})
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    promise.then(resolve, reject)
  })
}

function explain(error: unknown, signal: AbortSignal): { fault: Fault; error?: string } {
  if (signal.aborted) return { fault: signal.reason }
  if (error instanceof HiveError) return { fault: 'refused', error: error.message }
  return { fault: 'unreachable', error: codeOf(error) ?? String(error) }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
