import { setTimeout as delay } from 'node:timers/promises'
import type { Requester, UpstashRequest, UpstashResponse } from '@upstash/redis'
import type { HiveConfig } from '../config.ts'
import { createPost, type PostAnswer } from '../post.ts'

type Reach = Pick<HiveConfig, 'redisRestUrl' | 'redisRestToken' | 'redisRetries' | 'redisTimeoutMs'>

/** How far Redis was with an answer: given back, it keeps reads from a replica that is not as far. */
const syncToken = 'upstash-sync-token'

/**
 * Upstash's REST protocol. Network errors are tried again, so every command may run twice; the time-out is for all tries
 * together. Reads see what was written before the last answer, whichever replica they come to. Throws what went wrong as it
 * is, answers of Redis included.
 */
export function createRest({ redisRestUrl, redisRestToken, redisRetries, redisTimeoutMs }: Reach): Requester {
  const post = createPost()
  const base = redisRestUrl.replace(/\/$/, '')
  const headers: Record<string, string> = {
    authorization: `Bearer ${redisRestToken}`,
    'content-type': 'application/json',
  }
  return {
    async request<T>({ path = [], body }: UpstashRequest): Promise<UpstashResponse<T>> {
      const url = [base, ...path].join('/')
      const text = JSON.stringify(body)
      // not `performance.now()`, of which the first is 1 ms of a cold start
      const until = Date.now() + redisTimeoutMs
      for (let attempt = 0; ; attempt++) {
        const left = until - Date.now()
        try {
          // a function may have been frozen while it waited; Node warns of timers with less than a millisecond
          const answer = await post(url, headers, text, Math.max(1, left))
          const token = answer.headers[syncToken]
          if (typeof token === 'string') headers[syncToken] = token
          return read(answer)
        } catch (error) {
          const wait = 25 * 2 ** attempt
          if (error instanceof Refusal || attempt >= redisRetries || until - Date.now() < wait) throw error
          await delay(wait)
        }
      }
    },
  }
}

/** Redis, or what stands before it, has answered: trying again will not help. */
class Refusal extends Error {}

function read<T>({ status, text }: PostAnswer): UpstashResponse<T> {
  const answer = parse(text)
  if (status < 200 || status > 299) throw new Refusal(String((answer as { error?: unknown }).error))
  return answer as UpstashResponse<T>
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal(`not JSON: ${text.slice(0, 100)}`)
  }
}
