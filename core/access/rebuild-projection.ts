import { projectKey } from '../bus/key-projection.ts'
import { projectAgent } from '../bus/projection.ts'
import type { Hive } from '../hive.ts'
import type { Records } from '../records/create-records.ts'
import { decodeCursor, encodeCursor, invalidCursor } from '../records/cursor.ts'
import { project as bringCapability } from './capabilities.ts'
import { project as bringSubscription } from './subscriptions.ts'

/** What a rebuild brings to Redis, in this order: one page of records after a name, and how each is projected. */
type Step = {
  name: 'agents' | 'keys' | 'capabilities' | 'subscriptions'
  page(records: Records, after: string | undefined, limit: number): Promise<{ at: string; project(): Promise<void> }[]>
}

export type RebuiltProjection = Record<Step['name'], number> & { next_cursor: string | null }

const atOnce = 8

/**
 * Brings what Postgres knows of agents, keys, capabilities and subscriptions to Redis, after Redis has lost it. One call brings at most `limit`
 * records and is done when `next_cursor` is null. Safe to repeat, and beside everything else that runs: a newer version
 * is never replaced. Throws `cursor.invalid`, `postgres.unavailable`, `redis.unavailable`.
 */
export async function rebuildProjection(
  hive: Hive,
  { limit, cursor }: { limit: number; cursor?: string },
): Promise<RebuiltProjection> {
  const steps = stepsOf(hive)
  const records = await hive.records()
  const rebuilt: RebuiltProjection = { agents: 0, keys: 0, capabilities: 0, subscriptions: 0, next_cursor: null }
  let [index, after] = cursor === undefined ? [0, undefined] : position(cursor, steps)
  let left = limit
  for (let step = steps[index]; step; step = steps[++index]) {
    const found = await step.page(records, after, left)
    for (let at = 0; at < found.length; at += atOnce) {
      await Promise.all(found.slice(at, at + atOnce).map(({ project }) => project()))
    }
    rebuilt[step.name] += found.length
    left -= found.length
    const last = found.at(-1)
    if (left === 0 && last) return { ...rebuilt, next_cursor: encodeCursor('projection', step.name, last.at) }
    after = undefined
  }
  return rebuilt
}

function stepsOf(hive: Hive): Step[] {
  return [
    {
      name: 'agents',
      page: async ({ agents }, after, limit) =>
        (await agents.list({ after, limit })).map((agent) => ({
          at: agent.name,
          project: () => projectAgent(hive, agent),
        })),
    },
    {
      name: 'keys',
      page: async ({ apiKeys }, after, limit) =>
        (await apiKeys.list({ after, limit })).map((key) => ({ at: key.id, project: () => projectKey(hive, key) })),
    },
    {
      name: 'capabilities',
      page: async ({ capabilities }, after, limit) => {
        const [agent_name, capability] = placeOf(after)
        const from = capability === undefined ? undefined : { agent_name, capability }
        return (await capabilities.list({ after: from, limit })).map((row) => ({
          at: `${row.agent_name}\n${row.capability}`,
          project: () => bringCapability(hive, row.agent_name, row.capability),
        }))
      },
    },
    {
      name: 'subscriptions',
      page: async ({ subscriptions }, after, limit) => {
        const [topic, agent_name] = placeOf(after)
        const from = agent_name === undefined ? undefined : { topic, agent_name }
        return (await subscriptions.list({ after: from, limit })).map((row) => ({
          at: `${row.topic}\n${row.agent_name}`,
          project: () => bringSubscription(hive, row.topic, row.agent_name),
        }))
      },
    },
  ]
}

/** A place among pairs of names, neither of which holds a newline. */
function placeOf(after: string | undefined): [string, string | undefined] {
  const [first = '', second] = (after ?? '').split('\n')
  return [first, second]
}

function position(cursor: string, steps: Step[]): [number, string | undefined] {
  const [name, after] = decodeCursor(
    'projection',
    cursor,
    () => true,
    () => true,
  )
  const index = steps.findIndex((step) => step.name === name)
  if (index === -1) throw invalidCursor()
  return [index, after]
}
