import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createHive } from '../../core/hive.ts'
import { createPost } from '../../core/post.ts'
import { setWarmHive } from '../../functions/warm.ts'
import { loopbackEndpoints } from '../local/loopback.ts'
import { inParallel } from './messages.ts'
import type { Stack } from './stack.ts'

/** What was sent to Redis over REST, in the order of its arrival. */
export type Recorded = { path: string; body: string }[]

const timeoutMs = 10_000

/**
 * Does some work with the functions of this process and writes down what they send to Redis: sent again without them, it is
 * what the same work costs at least over this REST server.
 */
export async function recordRest(stack: Stack, work: () => Promise<unknown>): Promise<Recorded> {
  const { config } = stack.hive
  const recorded: Recorded = []
  const post = createPost()
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const path = request.url === '/' ? '' : (request.url ?? '')
    recorded.push({ path, body })
    const answer = await post(config.redisRestUrl + path, headersOf(stack), body, timeoutMs)
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const redisRestUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const silent = { info: () => {}, warn: () => {}, error: () => {} }
  setWarmHive(createHive({ ...config, redisRestUrl }, { log: silent, endpoints: loopbackEndpoints }))
  try {
    await work()
  } finally {
    setWarmHive(stack.hive)
    server.closeAllConnections()
    server.close()
  }
  return recorded
}

/** Sends again what was recorded, by so many callers. Throws when any of it is not answered as it was. */
export async function replayRest(stack: Stack, recorded: Recorded, callers: number): Promise<void> {
  const post = createPost()
  const headers = headersOf(stack)
  await inParallel(callers, recorded.length, async (index) => {
    const { path, body } = recorded[index] as Recorded[number]
    const answer = await post(stack.hive.config.redisRestUrl + path, headers, body, timeoutMs)
    const { result } = JSON.parse(answer.text) as { result?: unknown }
    const isScript = Array.isArray(result) && typeof result[0] === 'string'
    if (answer.status !== 200 || (isScript && result[0] !== 'ok')) throw new Error(answer.text.slice(0, 200))
  })
}

const headersOf = ({ hive }: Stack) => {
  return { authorization: `Bearer ${hive.config.redisRestToken}`, 'content-type': 'application/json' }
}
