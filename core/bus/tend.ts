import type { Hive } from '../hive.ts'
import { dropBodies } from './drop-bodies.ts'
import { inboxKeys } from './inbox-keys.ts'
import { wakeAfter } from './receive.ts'
import { closeRelay } from './relay/open-relay.ts'
import { relayOf } from './relay/relay-name.ts'
import { type Died, rememberDead } from './remember-dead.ts'
import { tendScript } from './scripts/tend.ts'

/** Due events that one script applies at most, so that it stays short. */
const eventsARound = 200

/**
 * Looks after an inbox whose time has come: ends lives, leases, delays and retentions that are due, and wakes a push
 * delivery that has no wake. Returns whether more is due. Raises redis.unavailable.
 */
export async function tend(hive: Hive, agent: string): Promise<{ more: boolean }> {
  const { bus } = hive
  const requestId = hive.ids.requestId()
  const answer = await bus.run(tendScript, requestId, (moment) => ({
    keys: inboxKeys(bus, agent, moment),
    args: [agent, String(eventsARound)],
  }))
  if (answer[0] === 'unknown') return { more: false }
  const [, , counts, orphans, history, delay, more, died] = answer as TendAnswer
  await Promise.all([
    dropBodies(hive, agent, orphans),
    rememberDead(hive, agent, died),
    wakeAfter(hive, agent, requestId, Number(history), delay),
  ])
  if (relayOf(agent) && counts.every((count) => Number(count) === 0)) await closeRelay(hive, agent)
  return { more: Number(more) === 1 }
}

type TendAnswer = [
  'ok',
  now: string,
  counts: number[],
  orphans: string[],
  history: number,
  delay: unknown,
  more: number,
  died: Died[],
]

/** Agents of one shard whose inboxes want to be looked after, the longest waiting first. */
export async function dueAgents(
  hive: Hive,
  shard: number,
  { offset, limit }: { offset: number; limit: number },
): Promise<string[]> {
  const { bus } = hive
  return bus.ask((redis) =>
    redis.zrange<string[]>(bus.keys.due(shard), '-inf', Math.floor(bus.now()), {
      byScore: true,
      offset,
      count: limit,
    }),
  )
}
