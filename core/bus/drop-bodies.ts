import type { Hive } from '../hive.ts'

/**
 * Deletes large bodies whose messages a script ended without knowing their keys beforehand. Best effort: each such
 * key also ends by itself.
 */
export async function dropBodies(hive: Hive, agent: string, tokens: string[]): Promise<void> {
  if (tokens.length === 0) return
  try {
    await hive.bus.ask((redis) => redis.del(...tokens.map((token) => hive.bus.keys.body(agent, token))))
  } catch {
    hive.log.warn('large bodies left to expire', { agent, count: tokens.length })
  }
}
