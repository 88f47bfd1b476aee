import type { Hive } from '../../hive.ts'

/** Agents that are looked at together, the most proficient first. */
const page = 50

export type CapableAgent = {
  agent: string
  proficiency: number
  /** How many messages its inbox holds that are not settled. */
  waiting: number
}

export type Capable = {
  /** All of one proficiency, those with the fewest messages waiting first; empty when nobody is live or has room. */
  able: CapableAgent[]
  /** Whether someone live was passed over because its inbox is full. */
  full: boolean
}

/**
 * The most proficient live agents that can do something and have room for it. Live is who is enabled and either has an
 * endpoint whose circuit breaker is closed or has given a sign of life within `agentLiveMs`. Costs 2 commands and one for
 * each agent that is looked at. Raises redis.unavailable.
 */
export async function findCapable(
  hive: Hive,
  capability: string,
  without: ReadonlySet<string> = new Set(),
): Promise<Capable> {
  const { bus } = hive
  const live: CapableAgent[] = []
  let full = without.size > 0
  for (let offset = 0; ; offset += page) {
    const row = await bus.ask((redis) =>
      redis.zrange<string[]>(bus.keys.capable(capability), offset, offset + page - 1, { rev: true, withScores: true }),
    )
    const declared = Array.from({ length: row.length / 2 }, (_, i) => ({
      agent: row[2 * i] as string,
      proficiency: Number(row[2 * i + 1]),
    }))
    const best = live[0]?.proficiency
    const worthwhile = declared.filter(
      ({ agent, proficiency }) => !without.has(agent) && (best === undefined || proficiency === best),
    )
    const found = await liveOf(hive, worthwhile)
    live.push(...found.filter((agent) => agent.room))
    full ||= found.some((agent) => !agent.room)
    const last = declared.at(-1)
    const top = Math.max(...live.map(({ proficiency }) => proficiency))
    if (declared.length < page || (last && last.proficiency < top)) {
      const able = live
        .filter(({ proficiency }) => proficiency === top)
        .sort((a, b) => a.waiting - b.waiting || (a.agent < b.agent ? -1 : 1))
      return { able, full }
    }
  }
}

async function liveOf(
  hive: Hive,
  agents: Pick<CapableAgent, 'agent' | 'proficiency'>[],
): Promise<(CapableAgent & { room: boolean })[]> {
  if (agents.length === 0) return []
  const { bus, config } = hive
  type Row = (string | null)[]
  const [seen = [], ...inboxes] = await bus.ask((redis) => {
    const pipeline = redis.pipeline()
    pipeline.hmget(bus.keys.seen, ...agents.map(({ agent }) => agent))
    for (const { agent } of agents) pipeline.hmget(bus.keys.inbox(agent), ...inboxFields)
    // without deserialisation the client gives rows, whatever its type says
    return pipeline.exec() as unknown as Promise<Row[]>
  })
  const now = bus.now()
  return agents.flatMap((agent, i) => {
    const [status, push, breaker, dead, bytes, ...unsettled] = inboxes[i] ?? []
    const pushed = push === '1' && Number(breaker ?? 0) <= now
    if (status !== 'enabled' || !(pushed || Number(seen[i] ?? 0) > now - config.agentLiveMs)) return []
    const waiting = unsettled.reduce((sum, count) => sum + Number(count ?? 0), 0)
    const room =
      waiting + Number(dead ?? 0) < config.inboxMaxMessages &&
      Number(dead ?? 0) < config.inboxMaxDead &&
      Number(bytes ?? 0) < config.inboxMaxBytes
    return [{ ...agent, waiting, room }]
  })
}

const inboxFields = ['status', 'push', 'breaker_until', 'dead', 'bytes', 'ready', 'held', 'delayed', 'leased'] as const
