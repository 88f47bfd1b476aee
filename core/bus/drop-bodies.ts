import type { Hive } from '../hive.ts'
import { isShared, releaseShared } from './shared-bodies.ts'

/**
 * Deletes large bodies whose messages a script ended without knowing their keys beforehand. Best effort: each such
 * key also ends by itself.
 */
export async function dropBodies(hive: Hive, agent: string, tokens: string[]): Promise<void> {
  const own = tokens.filter((token) => !isShared(token))
  await Promise.all([releaseShared(hive, agent, tokens.filter(isShared)), dropOwn(hive, agent, own)])
}

async function dropOwn(hive: Hive, agent: string, tokens: string[]): Promise<void> {
  if (tokens.length === 0) return
  try {
    await hive.bus.ask((redis) => redis.del(...tokens.map((token) => hive.bus.keys.body(agent, token))))
  } catch {
    hive.log.warn('large bodies left to expire', { agent, count: tokens.length })
  }
}
