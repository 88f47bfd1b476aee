import { setTimeout as delay } from 'node:timers/promises'
import type { Requester, UpstashRequest, UpstashResponse } from '@upstash/redis'
import type { HiveConfig } from '../config.ts'
import { createPost, type PostAnswer } from '../post.ts'

type Reach = Pick<HiveConfig, 'redisRestUrl' | 'redisRestToken' | 'redisRetries' | 'redisTimeoutMs'>

/**
 * Upstash's REST protocol. Network errors are tried again, so every command may run twice; the time-out is for all tries
 * together. Throws what went wrong as it is, answers of Redis included.
 */
export function createRest({ redisRestUrl, redisRestToken, redisRetries, redisTimeoutMs }: Reach): Requester {
  const post = createPost()
  const base = redisRestUrl.replace(/\/$/, '')
  const headers = { authorization: `Bearer ${redisRestToken}`, 'content-type': 'application/json' }
  return {
    async request<T>({ path = [], body }: UpstashRequest): Promise<UpstashResponse<T>> {
      const url = [base, ...path].join('/')
      const text = JSON.stringify(body)
      const until = Date.now() + redisTimeoutMs
      for (let attempt = 0; ; attempt++) {
        try {
          return read(await post(url, headers, text, until - Date.now()))
        } catch (error) {
          if (error instanceof Refusal || attempt >= redisRetries || Date.now() >= until) throw error
          await delay(25 * 2 ** attempt)
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
