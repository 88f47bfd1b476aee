import type { Keys } from './keys.ts'
import { shardOf } from './keys.ts'

/** The nine keys that scripts on one inbox declare first, in the order of the prelude's `inboxKeys`. */
export function inboxKeys(keys: Keys, agent: string, settledPeriod: number): string[] {
  const shard = shardOf(agent)
  return [
    keys.inbox(agent),
    keys.ready(agent),
    keys.timers(agent),
    keys.dead(agent),
    keys.correlated(agent),
    keys.settled(agent, settledPeriod),
    keys.outbox(shard),
    keys.outboxBytes(shard),
    keys.due(shard),
  ]
}
