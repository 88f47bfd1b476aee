import { actorFor } from '../core/access/audit.ts'
import { subscribe, subscriptionsOf, unsubscribe } from '../core/access/subscriptions.ts'
import { http, on } from './http.ts'
import { AgentPath } from './requests/agents.ts'
import { PageQuery } from './requests/paging.ts'
import { Subscribe, SubscriptionPath, TopicPath } from './requests/topics.ts'

/** Who gets what is published to a topic: subscribing, ending that, reading. */
export const handler = http({
  'PUT /v1/topics/{topic}/subscribers/{agent}': on(
    { path: SubscriptionPath, body: Subscribe },
    async (hive, { path: { topic, agent }, body }, { caller }) => {
      const wish = { topic, agent_name: agent, ...body }
      const { subscription, created } = await subscribe(hive, wish, actorFor(caller, agent))
      return { status: created ? 201 : 200, body: subscription }
    },
  ),
  'DELETE /v1/topics/{topic}/subscribers/{agent}': on(
    { path: SubscriptionPath },
    async (hive, { path: { topic, agent } }, { caller }) => ({
      body: { unsubscribed: await unsubscribe(hive, topic, agent, actorFor(caller, agent)) },
    }),
  ),
  'GET /v1/topics/{topic}/subscribers': on({ path: TopicPath, query: PageQuery }, async (hive, { path, query }) => {
    const { subscriptions } = await hive.records()
    return { body: await subscriptions.byTopic(path.topic, query) }
  }),
  'GET /v1/topics': on({ query: PageQuery }, async (hive, { query }) => {
    const { subscriptions } = await hive.records()
    return { body: await subscriptions.topics(query) }
  }),
  'GET /v1/agents/{agent}/subscriptions': on({ path: AgentPath, query: PageQuery }, async (hive, { path, query }) => ({
    body: await subscriptionsOf(hive, path.agent, query),
  })),
})
