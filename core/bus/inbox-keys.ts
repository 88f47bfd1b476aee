import type { Bus, Moment } from './bus.ts'
import { shardOf } from './keys.ts'

/** The twelve keys that scripts on one inbox declare first, in the order of the prelude's `inboxKeys`. */
export function inboxKeys({ keys, segments }: Bus, agent: string, moment: Moment): string[] {
  const shard = shardOf(agent)
  const settled = keys.settled(agent, moment.settled)
  const settledLong = keys.settledLong(agent, moment.long)
  return [
    keys.inbox(agent),
    keys.ready(agent),
    keys.timers(agent),
    keys.dead(agent),
    keys.correlated(agent),
    settled,
    segments.current(settled),
    settledLong,
    segments.current(settledLong),
    keys.outbox(shard),
    keys.outboxBytes(shard),
    keys.due(shard),
  ]
}
