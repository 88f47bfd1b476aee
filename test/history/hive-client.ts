import { Agent, request as httpRequest } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../random.ts'
import type { Functions } from './fault-cloud.ts'
import type { Outcome } from './history.ts'

export type Answered = {
  outcome: Outcome
  start: number
  end: number
  status: number
  /** Parsed JSON; what it is depends on the route and the status. */
  body: unknown
  code: string
}

/** A caller that goes to any of the processes which are up, and knows when it cannot know. */
export type HiveClient = (
  method: string,
  path: string,
  options: { key: string; body?: unknown; idempotencyKey?: string; hangUpAfterMs?: number },
) => Promise<Answered>

/** Longer than a function waits for what it depends on, so that it is the function that says what it does not know. */
const patienceMs = 8_000

/**
 * Calls go to one of `functions` by chance. An answer of 5xx, or none at all, may come after the effect: `unknown`. What
 * only a fault of the hive's own answers is put into `unexpected`.
 */
export function createHiveClient(functions: Functions[], random: Random, unexpected: string[]): HiveClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  return async (method, path, { key, body, idempotencyKey, hangUpAfterMs }) => {
    const url = await someUrl(functions, random)
    const start = Date.now()
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const signal = AbortSignal.timeout(hangUpAfterMs ?? patienceMs)
    try {
      const { status, text } = await send()
      const end = Date.now()
      const parsed: unknown = text === '' ? null : JSON.parse(text)
      const code = status >= 400 ? String((parsed as { code?: string } | null)?.code) : ''
      if ((status >= 500 && status !== 503) || code === 'internal' || status === 401 || status === 403) {
        unexpected.push(`${method} ${path} answered ${status} ${text.slice(0, 300)}`)
      }
      const outcome = status < 400 ? 'ok' : status < 500 ? 'failed' : 'unknown'
      return { outcome, start, end, status, body: parsed, code }
    } catch (error) {
      // a connection that was refused carried nothing
      const refused = (error as { code?: string }).code === 'ECONNREFUSED'
      return { outcome: refused ? 'failed' : 'unknown', start, end: Date.now(), status: 0, body: null, code: 'none' }
    }

    function send(): Promise<{ status: number; text: string }> {
      return new Promise((resolve, reject) => {
        const request = httpRequest(
          url + path,
          {
            method,
            agent,
            signal,
            headers: {
              authorization: `Bearer ${key}`,
              'content-type': 'application/json',
              ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
              ...(sent === undefined ? {} : { 'content-length': sent.length }),
            },
          },
          (response) => {
            response
              .toArray()
              .then(
                (chunks) =>
                  resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks as Buffer[]).toString() }),
                reject,
              )
          },
        )
        request.on('error', reject)
        request.end(sent)
      })
    }
  }
}

async function someUrl(functions: Functions[], random: Random): Promise<string> {
  for (;;) {
    const up = functions.filter(({ url }) => url !== '')
    if (up.length > 0) return random.pick(up).url
    await delay(10)
  }
}
