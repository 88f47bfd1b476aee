import type { Redis } from 'ioredis'

/** What is in a database of Redis, to be put there again. */
export type Kept = { key: string; value: Buffer; ttlMs: number }[]

export async function keepKeys(redis: Redis): Promise<Kept> {
  const keys = await redis.keys('*')
  return Promise.all(
    keys.map(async (key) => {
      const value = await redis.dumpBuffer(key)
      if (!value) throw new Error(`${key} went while it was kept`)
      return { key, value, ttlMs: Math.max(0, await redis.pttl(key)) }
    }),
  )
}

/** Makes a database what it was, whatever is in it now. */
export async function restoreKeys(redis: Redis, kept: Kept): Promise<void> {
  await redis.flushdb()
  for (const { key, value, ttlMs } of kept) await redis.restore(key, ttlMs, value)
}
