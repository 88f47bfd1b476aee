import { unknownAgent } from '../bus/agent-errors.ts'
import { projectSubscription } from '../bus/relay/project-subscription.ts'
import { HiveError } from '../errors.ts'
import type { Hive } from '../hive.ts'
import type { Page } from '../records/page.ts'
import type { Subscription } from '../records/subscriptions-repository.ts'
import { auditEntry } from './audit.ts'
import { listOfAgent } from './list-of-agent.ts'

/**
 * Subscribes an agent to a topic, which comes to be by it, or changes which message types it wants. Postgres comes first,
 * then the projection that fan-out reads: repeating a call that failed half-way heals it. `actor` is who does it for the
 * agent, which is audited; absent for the agent itself.
 * Throws `agent.unknown`, `topic.full`, `subscription.limit`, `postgres.unavailable`, `redis.unavailable`.
 */
export async function subscribe(
  hive: Hive,
  input: Pick<Subscription, 'topic' | 'agent_name' | 'message_types'>,
  actor?: string,
): Promise<{ subscription: Subscription; created: boolean }> {
  const { subscriptions } = await hive.records()
  const { topicMaxSubscribers, agentMaxSubscriptions } = hive.config
  const stored = await subscriptions.subscribe(
    input,
    { subscribers: topicMaxSubscribers, topics: agentMaxSubscriptions },
    entryOf(hive, 'topic.subscribe', input, actor),
  )
  if (stored === 'unknown agent') throw unknownAgent(input.agent_name)
  if (stored === 'topic is full') throw limited('topic.full', 'topic', `has ${topicMaxSubscribers} subscribers already`)
  if (stored === 'too many topics') {
    throw limited('subscription.limit', 'agent', `is subscribed to ${agentMaxSubscriptions} topics already`)
  }
  await project(hive, input.topic, input.agent_name)
  const { created, ...subscription } = stored
  return { subscription, created }
}

/** Ends a subscription; gives 0 if there was none. Throws as `subscribe` does. */
export async function unsubscribe(hive: Hive, topic: string, agent: string, actor?: string): Promise<number> {
  const { subscriptions } = await hive.records()
  const entry = entryOf(hive, 'topic.unsubscribe', { topic, agent_name: agent }, actor)
  const ended = await subscriptions.unsubscribe(topic, agent, entry)
  await project(hive, topic, agent)
  return ended
}

/** A page of what an agent has subscribed to, by topic. Throws `agent.unknown`, `cursor.invalid`, `postgres.unavailable`. */
export function subscriptionsOf(
  hive: Hive,
  agent: string,
  page: { limit: number; cursor?: string },
): Promise<Page<Subscription>> {
  return listOfAgent(hive, agent, ({ subscriptions }) => subscriptions.byAgent(agent, page))
}

/** Brings a subscription, or that there is none, to the bus as Postgres has it now. */
export async function project(hive: Hive, topic: string, agent: string): Promise<void> {
  const { subscriptions } = await hive.records()
  const version = await subscriptions.projectionVersion()
  const subscription = (await subscriptions.get(topic, agent)) ?? null
  await projectSubscription(hive, { topic, agent, version, subscription })
}

function entryOf(
  hive: Hive,
  action: string,
  { topic, agent_name, message_types }: { topic: string; agent_name: string; message_types?: string[] | null },
  actor: string | undefined,
) {
  if (actor === undefined) return undefined
  const details = { topic, ...(message_types === undefined ? {} : { message_types }) }
  return auditEntry(hive, { action, actor, target: agent_name, details })
}

function limited(code: 'topic.full' | 'subscription.limit', field: string, message: string): HiveError {
  return new HiveError(code, `The ${field} ${message}.`, { errors: [{ field, message }] })
}
