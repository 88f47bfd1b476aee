import type { Hive } from '../hive.ts'
import { unknownAgent } from './agent-errors.ts'
import { heartbeatScript } from './scripts/heartbeat.ts'

/** Notes that an agent is alive, and tells when that was. Raises agent.unknown, redis.unavailable. */
export async function heartbeat(hive: Hive, agent: string): Promise<{ last_seen_at: string }> {
  const { bus } = hive
  const [outcome, now] = await bus.run(heartbeatScript, hive.ids.requestId(), () => ({
    keys: [bus.keys.inbox(agent), bus.keys.seen],
    args: [agent],
  }))
  if (outcome === 'unknown') throw unknownAgent(agent)
  return { last_seen_at: iso(now) }
}

/** When each of these agents last gave a sign of life, null for never: one command. Raises redis.unavailable. */
export async function lastSeen(hive: Hive, agents: string[]): Promise<(string | null)[]> {
  if (agents.length === 0) return []
  const { bus } = hive
  const found = await bus.ask((redis) => redis.hmget<Record<string, string | null>>(bus.keys.seen, ...agents))
  return agents.map((agent) => {
    const at = found?.[agent]
    return at === undefined || at === null ? null : iso(at)
  })
}

function iso(ms: unknown): string {
  return new Date(Number(ms)).toISOString()
}
