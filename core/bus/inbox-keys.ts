import type { Moment } from './bus.ts'
import type { Keys } from './keys.ts'
import { shardOf } from './keys.ts'

/** The ten keys that scripts on one inbox declare first, in the order of the prelude's `inboxKeys`. */
export function inboxKeys(keys: Keys, agent: string, moment: Moment): string[] {
  const shard = shardOf(agent)
  return [
    keys.inbox(agent),
    keys.ready(agent),
    keys.timers(agent),
    keys.dead(agent),
    keys.correlated(agent),
    keys.settled(agent, moment.settled),
    keys.settledLong(agent, moment.long),
    keys.outbox(shard),
    keys.outboxBytes(shard),
    keys.due(shard),
  ]
}

/** Where the outcomes of the period before are, for scripts that are told of messages which they have ended already. */
export function earlierOutcomes(keys: Keys, agent: string, moment: Moment): string[] {
  return [keys.settled(agent, moment.settled - 1), keys.settledLong(agent, moment.long - 1)]
}
