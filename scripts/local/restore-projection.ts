import { type RebuiltProjection, rebuildProjection } from '../../core/access/rebuild-projection.ts'
import { mustExist } from '../../core/bus/must-exist.ts'
import { HiveError } from '../../core/errors.ts'
import type { Hive } from '../../core/hive.ts'

/** So many agents are looked for, and so many records are brought at once. */
const page = 100

/**
 * Brings what Postgres knows to a Redis that does not know the agents: it is another one than the last time, or has lost
 * what it had. Gives how many records there were; undefined where Redis knew. Throws `redis.unavailable`.
 */
export async function restoreProjection(hive: Hive): Promise<Omit<RebuiltProjection, 'next_cursor'> | undefined> {
  const { agents } = await hive.records()
  const found = await agents.list({ limit: page })
  const known = await Promise.all(found.map(({ name }) => isKnown(hive, name)))
  if (!known.includes(false)) return undefined
  const brought = { agents: 0, keys: 0, capabilities: 0, subscriptions: 0 }
  let cursor: string | null = null
  do {
    const part: RebuiltProjection = await rebuildProjection(hive, {
      limit: page,
      ...(cursor === null ? {} : { cursor }),
    })
    for (const name of ['agents', 'keys', 'capabilities', 'subscriptions'] as const) brought[name] += part[name]
    cursor = part.next_cursor
  } while (cursor !== null)
  return brought
}

async function isKnown(hive: Hive, agent: string): Promise<boolean> {
  try {
    await mustExist(hive, agent)
    return true
  } catch (error) {
    if (error instanceof HiveError && error.code === 'agent.unknown') return false
    throw error
  }
}
