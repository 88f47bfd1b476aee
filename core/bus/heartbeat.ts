import { HiveError } from '../errors.ts'
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

/**
 * When each of these agents last gave a sign of life, null where none is known: one command. All null while Redis is
 * away, for what Postgres knows of an agent is worth telling without it.
 */
export async function lastSeen(hive: Hive, agents: string[]): Promise<(string | null)[]> {
  if (agents.length === 0) return []
  const { bus } = hive
  const found = await bus
    // the client's types know only what it makes of an answer, which is turned off
    .ask((redis) => redis.hmget(bus.keys.seen, ...agents) as Promise<unknown> as Promise<(string | null)[]>)
    .catch((error: unknown) => {
      if (error instanceof HiveError && error.code === 'redis.unavailable') return []
      throw error
    })
  return agents.map((_, index) => {
    const at = found[index] ?? null
    return at === null ? null : iso(at)
  })
}

function iso(ms: unknown): string {
  return new Date(Number(ms)).toISOString()
}
