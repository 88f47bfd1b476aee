import { columns } from '../columns.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import { toIso } from '../moment.ts'
import type { Page } from '../page.ts'
import type { Subscription, SubscriptionPage, SubscriptionsRepository } from '../subscriptions-repository.ts'
import { audited } from './audit.ts'
import { type Paged, pagedSelect, pageOf } from './page-of.ts'

const names = columns.subscriptions.map((name) => `s.${name}`).join(', ')

// counted no further than the limit: a topic may have very many
const others = (where: string, limit: string) =>
  `(SELECT count(*) FROM (SELECT FROM subscriptions o WHERE ${where} LIMIT ${limit}) counted) < ${limit}`
const roomInTopic = others('o.topic = $1 AND o.agent_name <> $2', '$4::int')
const roomOfAgent = others('o.agent_name = $2 AND o.topic <> $1', '$5::int')
// what is there already takes no room, whatever the limits have become
const already = 'EXISTS (SELECT FROM subscriptions o WHERE o.topic = $1 AND o.agent_name = $2)'
const differs = 's.message_types IS DISTINCT FROM EXCLUDED.message_types'

const subscribe = `
  INSERT INTO subscriptions AS s (topic, agent_name, message_types)
  SELECT $1, a.name, $3::text[] FROM agents a WHERE a.name = $2 AND (${already} OR ${roomInTopic} AND ${roomOfAgent})
  ON CONFLICT (topic, agent_name) DO UPDATE SET message_types = EXCLUDED.message_types,
    updated_at = CASE WHEN ${differs} THEN now() ELSE s.updated_at END
  RETURNING ${names}, (xmax = 0) AS created`

const whyNot = `SELECT CASE
  WHEN NOT EXISTS (SELECT FROM agents WHERE name = $2) THEN 'unknown agent'
  WHEN NOT ${roomInTopic.replaceAll('$4', '$3')} THEN 'topic is full' ELSE 'too many topics' END AS why`

const unsubscribe = 'DELETE FROM subscriptions s WHERE topic = $1 AND agent_name = $2 RETURNING topic'

const anything = () => true

/** Subscriptions in Postgres. */
export function createSubscriptions(run: RunStatement): SubscriptionsRepository {
  return {
    async subscribe({ topic, agent_name, message_types }, limits, entry) {
      const values = [topic, agent_name, message_types, limits.subscribers, limits.topics]
      const [row] = await run<Subscription & { created: boolean }>(...audited(subscribe, values, entry))
      if (row) return { ...toSubscription(row), created: row.created }
      const [refused] = await run<{ why: 'unknown agent' | 'topic is full' | 'too many topics' }>(whyNot, [
        topic,
        agent_name,
        limits.subscribers,
      ])
      return refused?.why ?? 'too many topics'
    },
    async unsubscribe(topic, agentName, entry) {
      return (await run(...audited(unsubscribe, [topic, agentName], entry))).length
    },
    async get(topic, agentName) {
      const select = `SELECT ${names} FROM subscriptions s WHERE topic = $1 AND agent_name = $2`
      const [row] = await run<Subscription>(select, [topic, agentName])
      return row && toSubscription(row)
    },
    byTopic: (topic, page) => readPage('topic', topic, 'agent_name', page),
    byAgent: (agentName, page) => readPage('agent_name', agentName, 'topic', page),
    async topics({ cursor, limit }) {
      const after = cursor === undefined ? null : (decodeCursor('topics', cursor, anything)[0] ?? null)
      const rows = await run<{ topic: string; subscribers: number }>(
        `SELECT topic, count(*)::int AS subscribers FROM subscriptions
         WHERE $1::text IS NULL OR topic > $1 GROUP BY topic ORDER BY topic LIMIT $2::int`,
        [after, limit + 1],
      )
      const items = rows.slice(0, limit)
      const last = items.at(-1)
      return { items, next_cursor: rows.length > limit && last ? encodeCursor('topics', last.topic) : null }
    },
    async list({ after, limit }) {
      const rows = await run<Subscription>(
        `SELECT ${names} FROM subscriptions s WHERE $1::text IS NULL OR (topic, agent_name) > ($1, $2)
         ORDER BY topic, agent_name LIMIT $3::int`,
        [after?.topic ?? null, after?.agent_name ?? null, limit],
      )
      return rows.map(toSubscription)
    },
    async projectionVersion() {
      const [row] = await run<{ version: string }>(`SELECT nextval('projection_versions')::text AS version`, [])
      if (!row) throw new Error('a sequence gave no number')
      return row.version
    },
  }

  /** Subscriptions of which one column is given, by the other. */
  async function readPage(
    given: 'topic' | 'agent_name',
    value: string,
    by: 'topic' | 'agent_name',
    { cursor, limit }: SubscriptionPage,
  ): Promise<Page<Subscription>> {
    const after = cursor === undefined ? null : (decodeCursor(`subscriptions by ${by}`, cursor, anything)[0] ?? null)
    const select = `SELECT ${names} FROM subscriptions s
      WHERE ${given} = $1 AND ($2::text IS NULL OR ${by} > $2) ORDER BY ${by} LIMIT $3::int`
    const rows = await run<Subscription & Paged>(pagedSelect(select, by, 'message_types::text'), [
      value,
      after,
      limit + 1,
    ])
    return pageOf(rows, limit, toSubscription, (row) => encodeCursor(`subscriptions by ${by}`, row[by]))
  }
}

function toSubscription({ topic, agent_name, message_types, created_at, updated_at }: Subscription): Subscription {
  const moment = (text: string) => toIso(text) ?? text
  return { topic, agent_name, message_types, created_at: moment(created_at), updated_at: moment(updated_at) }
}
