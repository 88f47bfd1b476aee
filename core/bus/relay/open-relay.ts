import type { Hive } from '../../hive.ts'
import { inboxKeys } from '../inbox-keys.ts'
import { shardOf } from '../keys.ts'
import { wakeAfter } from '../receive.ts'
import { closeRelayScript } from '../scripts/close-relay.ts'
import { projectScript } from '../scripts/project.ts'
import { relayOf } from './relay-name.ts'

/**
 * Makes the inbox of a relay, or changes whether it is worked on: `running` it asks for a wake whenever something is in
 * it, else what it holds waits. Raises redis.unavailable.
 */
export async function openRelay(hive: Hive, relay: string, { running }: { running: boolean }): Promise<void> {
  const { bus } = hive
  const requestId = hive.ids.requestId()
  const answer = await bus.run(projectScript, requestId, (moment) => ({
    keys: inboxKeys(bus, relay, moment),
    args: [relay, '1', 'enabled', running ? 'relay' : '', '[]'],
  }))
  await wakeAfter(hive, relay, requestId, 0, answer[2])
}

/**
 * Removes a relay's inbox unless something is in it or its topic has subscribers. Tells whether there is none now.
 * Raises redis.unavailable.
 */
export async function closeRelay(hive: Hive, relay: string): Promise<boolean> {
  const { bus } = hive
  const { kind, name } = relayOf(relay) ?? { kind: 'topic', name: '' }
  const [outcome] = await bus.run(closeRelayScript, hive.ids.requestId(), () => ({
    keys: [bus.keys.inbox(relay), bus.keys.due(shardOf(relay)), bus.keys.topic(name), bus.keys.waiting],
    args: [relay, kind === 'capability' ? name : ''],
  }))
  return outcome === 'closed'
}
