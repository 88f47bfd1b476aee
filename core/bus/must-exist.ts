import type { Hive } from '../hive.ts'
import { unknownAgent } from './agent-errors.ts'

/** Raises agent.unknown, redis.unavailable. */
export async function mustExist(hive: Hive, agent: string): Promise<void> {
  const status = await hive.bus.ask((redis) => redis.hget<string>(hive.bus.keys.inbox(agent), 'status'))
  if (status === null) throw unknownAgent(agent)
}
