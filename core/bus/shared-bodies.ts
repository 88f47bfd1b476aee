import type { Hive } from '../hive.ts'
import type { Keys } from './keys.ts'
import { releaseSharedScript } from './scripts/release-shared.ts'

const prefix = 'shared-'

/** Makes the token of an envelope that several inboxes will refer to. */
export function sharedToken(id: string): string {
  return `${prefix}${id}`
}

/** Tells whether a message's envelope is one that other inboxes refer to as well. */
export function isShared(token: string): boolean {
  return token.startsWith(prefix)
}

/** The key under which the large envelope of a message of this inbox lives. */
export function bodyKey(keys: Keys, agent: string, token: string): string {
  return isShared(token) ? keys.sharedBody(token) : keys.body(agent, token)
}

/**
 * Notes that an inbox needs shared envelopes no more; each is deleted with the last one that does. Safe to repeat.
 * Best effort: an envelope that is not released ends by itself.
 */
export async function releaseShared(hive: Hive, agent: string, tokens: string[]): Promise<void> {
  if (tokens.length === 0) return
  const { keys } = hive.bus
  try {
    await hive.bus.run(releaseSharedScript, hive.ids.requestId(), () => ({
      keys: tokens.flatMap((token) => [keys.sharedHolders(token), keys.sharedBody(token)]),
      args: [agent, agent.includes(':') ? '1' : '0'],
    }))
  } catch {
    hive.log.warn('shared envelopes left to expire', { agent, count: tokens.length })
  }
}
