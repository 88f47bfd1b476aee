import type { Hive } from '../../hive.ts'
import { projectMemberScript } from '../scripts/project-member.ts'
import { closeRelay } from './open-relay.ts'

/**
 * Brings a subscription from Postgres, the truth, to Redis, where fan-out reads it; null when there is none. `version` was
 * taken before the subscription was read. Who subscribes gets what is published from then on; who changes a filter keeps
 * its place. Safe to repeat. Raises redis.unavailable.
 */
export async function projectSubscription(
  hive: Hive,
  input: { topic: string; agent: string; version: string; subscription: { message_types: string[] | null } | null },
): Promise<void> {
  const { topic, agent, version, subscription } = input
  const { bus } = hive
  const types = subscription?.message_types ?? null
  await bus.run(projectMemberScript, hive.ids.requestId(), () => ({
    keys: [bus.keys.mark(`topic:${topic}`, agent), bus.keys.topic(topic), bus.keys.topicFilters(topic)],
    args: [agent, version, subscription ? '1' : '0', '', types === null ? '' : JSON.stringify(types)],
  }))
  if (!subscription) await closeRelay(hive, `topic:${topic}`)
}
