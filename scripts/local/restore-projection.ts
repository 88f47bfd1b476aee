import { rebuildProjection } from '../../core/access/rebuild-projection.ts'
import { type Brought, rebuildWhole } from '../../core/access/rebuild-whole.ts'
import { mustExist } from '../../core/bus/must-exist.ts'
import { HiveError } from '../../core/errors.ts'
import type { Hive } from '../../core/hive.ts'

/** So many agents are looked for, and so many records are brought at once. */
const page = 100

/**
 * Brings what Postgres knows to a Redis that does not know the agents: it is another one than the last time, or has lost
 * what it had. Gives how many records there were; undefined where Redis knew. Throws `redis.unavailable`.
 */
export async function restoreProjection(hive: Hive): Promise<Brought | undefined> {
  const { agents } = await hive.records()
  const found = await agents.list({ limit: page })
  const known = await Promise.all(found.map(({ name }) => isKnown(hive, name)))
  if (!known.includes(false)) return undefined
  return rebuildWhole((from) => rebuildProjection(hive, { limit: page, ...from }))
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
