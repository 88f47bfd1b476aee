import type { Hive } from '../hive.ts'
import { leaseTokensScript } from './scripts/lease-tokens.ts'

export type TokenLease = {
  /** Requests that may be made now. */
  granted: number
  /** Requests that the limit has left for others. */
  left: number
  /** Milliseconds until the whole limit is free again. */
  fullInMs: number
  /** Milliseconds until one more request is free; 0 when one is. */
  nextInMs: number
}

/** Takes up to `asked` requests out of the limit of a key: four billed commands. Raises redis.unavailable. */
export async function leaseTokens(
  hive: Hive,
  limit: { keyId: string; name: string; quota: number; windowMs: number },
  asked: number,
): Promise<TokenLease> {
  const { bus } = hive
  const answer = await bus.run(leaseTokensScript, hive.ids.requestId(), () => ({
    keys: [bus.keys.tokens(limit.keyId, limit.name)],
    args: [String(limit.quota), String(limit.windowMs), String(asked)],
  }))
  const [granted = 0, left = 0, fullInMs = 0, nextInMs = 0] = answer.slice(2).map(Number)
  return { granted, left, fullInMs, nextInMs }
}
