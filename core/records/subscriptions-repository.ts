import type { AuditEntry } from './audit-repository.ts'
import type { Page } from './page.ts'

/** An agent's wish for what is published to a topic. Times are ISO 8601. */
export type Subscription = {
  topic: string
  agent_name: string
  /** Only messages of these types; null for every type. */
  message_types: string[] | null
  created_at: string
  updated_at: string
}

export type SubscriptionLimits = {
  /** Subscribers of one topic. */
  subscribers: number
  /** Topics of one agent. */
  topics: number
}

export type SubscriptionPage = { cursor?: string | undefined; limit: number }

/**
 * An `entry` is added to the audit log together with the change, or neither is there. All methods raise
 * `postgres.unavailable`, and `request.unprocessable` for values that the columns do not take.
 */
export interface SubscriptionsRepository {
  /**
   * Subscribes an agent, or changes which types it wants. Says why it did not: there is no such agent, or a limit is
   * reached (which calls at the same moment may pass by a few).
   */
  subscribe(
    subscription: Pick<Subscription, 'topic' | 'agent_name' | 'message_types'>,
    limits: SubscriptionLimits,
    entry?: AuditEntry,
  ): Promise<(Subscription & { created: boolean }) | 'unknown agent' | 'topic is full' | 'too many topics'>
  /** Ends a subscription. Gives how many there were. */
  unsubscribe(topic: string, agent_name: string, entry?: AuditEntry): Promise<number>
  get(topic: string, agent_name: string): Promise<Subscription | undefined>
  /** A topic's subscriptions by agent, in the order of code points. Throws `cursor.invalid`. */
  byTopic(topic: string, page: SubscriptionPage): Promise<Page<Subscription>>
  /** An agent's subscriptions by topic. Throws `cursor.invalid`. */
  byAgent(agent_name: string, page: SubscriptionPage): Promise<Page<Subscription>>
  /** Topics with subscribers, by name. Throws `cursor.invalid`. */
  topics(page: SubscriptionPage): Promise<Page<{ topic: string; subscribers: number }>>
  /** All subscriptions by topic and agent, beginning after one. */
  list(page: { after?: { topic: string; agent_name: string } | undefined; limit: number }): Promise<Subscription[]>
  /** The next number by which projections are ordered, in decimal digits: to be taken before what is projected is read. */
  projectionVersion(): Promise<string>
}
