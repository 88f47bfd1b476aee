import { Redis } from 'ioredis'
import type { Hive } from '../core/hive.ts'
import { borrow } from './borrow.ts'

/** What a key holds, in an order of its own, and when it ends: ms since the epoch, -1 for never. */
export type DumpedKey = { type: string; value: unknown; expires: number }

/** Everything that a hive keeps in Redis, by key. Two dumps are equal when nothing was written in between. */
export async function dumpKeys(hive: Hive): Promise<Record<string, DumpedKey>> {
  const redis = new Redis(await borrow('redis'))
  try {
    const keys: string[] = []
    let cursor = '0'
    do {
      const [next, found] = await redis.scan(cursor, 'MATCH', `${hive.bus.keys.root}:*`, 'COUNT', 1000)
      keys.push(...found)
      cursor = next
    } while (cursor !== '0')
    const entries = [...new Set(keys)].sort().map(async (key) => [key, await dumpKey(redis, key)] as const)
    return Object.fromEntries(await Promise.all(entries))
  } finally {
    redis.disconnect()
  }
}

async function dumpKey(redis: Redis, key: string): Promise<DumpedKey> {
  const type = await redis.type(key)
  return { type, value: await readValue(redis, key, type), expires: await redis.pexpiretime(key) }
}

async function readValue(redis: Redis, key: string, type: string): Promise<unknown> {
  if (type === 'hash') {
    const fields = Object.entries(await redis.hgetall(key))
    return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  if (type === 'set') return (await redis.smembers(key)).sort()
  if (type === 'zset') return redis.zrange(key, 0, '-1', 'WITHSCORES')
  if (type === 'stream') return redis.xrange(key, '-', '+')
  return redis.get(key)
}
