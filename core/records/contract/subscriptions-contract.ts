import { beforeAll, describe, expect, it } from 'vitest'
import type { AgentsRepository } from '../agents-repository.ts'
import type { AuditRepository } from '../audit-repository.ts'
import type { Page } from '../page.ts'
import type { SubscriptionsRepository } from '../subscriptions-repository.ts'

const limits = { subscribers: 100, topics: 100 }

/** What every implementation of the subscriptions repository does, over an empty database. */
export function subscriptionsContract(
  name: string,
  makeRecords: () => Promise<{
    agents: AgentsRepository
    audit: AuditRepository
    subscriptions: SubscriptionsRepository
  }>,
): void {
  describe(`subscriptions in ${name}`, () => {
    let subscriptions: SubscriptionsRepository
    let audit: AuditRepository
    const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3,6}Z$/)

    beforeAll(async () => {
      const records = await makeRecords()
      subscriptions = records.subscriptions
      audit = records.audit
      for (const agent of ['ann', 'Bob', 'cy', 'dee']) {
        await records.agents.put({ name: agent, endpoint: null, sealed_secrets: [], disabled: false })
      }
    })

    const subscribe = (topic: string, agent_name: string, message_types: string[] | null = null) =>
      subscriptions.subscribe({ topic, agent_name, message_types }, limits)

    async function readAll<T>(read: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
      const items: T[] = []
      let cursor: string | undefined
      do {
        const page = await read(cursor)
        items.push(...page.items)
        cursor = page.next_cursor ?? undefined
      } while (cursor)
      return items
    }

    it('stores a subscription; another one of the same agent replaces it, and the same changes nothing', async () => {
      const stored = { topic: 'a', agent_name: 'ann', created_at: moment, updated_at: moment }
      const first = await subscribe('a', 'ann', ['it\'s, "quoted"', 'ü'])
      expect(first).toEqual({ ...stored, message_types: ['it\'s, "quoted"', 'ü'], created: true })
      expect(await subscribe('a', 'ann', ['it\'s, "quoted"', 'ü'])).toEqual({ ...(first as object), created: false })
      const every = await subscribe('a', 'ann')
      expect(every).toMatchObject({
        message_types: null,
        created: false,
        created_at: (first as typeof stored).created_at,
      })
      expect(await subscriptions.get('a', 'ann')).toEqual({ ...stored, message_types: null })
      expect(await subscriptions.get('a', 'cy')).toBeUndefined()
    })

    it('says why it takes none: no such agent, a full topic, too many topics', async () => {
      expect(await subscribe('b', 'nobody')).toBe('unknown agent')
      await subscribe('b', 'ann')
      const full = { subscribers: 1, topics: 100 }
      const cy = { topic: 'b', agent_name: 'cy', message_types: null }
      expect(await subscriptions.subscribe(cy, full)).toBe('topic is full')
      expect(await subscriptions.subscribe({ ...cy, agent_name: 'ann' }, full)).toMatchObject({ created: false })
      const busy = { subscribers: 100, topics: 1 }
      expect(await subscriptions.subscribe(cy, busy)).toMatchObject({ created: true })
      expect(await subscriptions.subscribe({ ...cy, topic: 'c' }, busy)).toBe('too many topics')
      expect(await subscriptions.subscribe(cy, { subscribers: 1, topics: 1 })).toMatchObject({ created: false })
    })

    it('ends a subscription once', async () => {
      await subscribe('d', 'dee')
      expect(await subscriptions.unsubscribe('d', 'dee')).toBe(1)
      expect(await subscriptions.unsubscribe('d', 'dee')).toBe(0)
      expect(await subscriptions.get('d', 'dee')).toBeUndefined()
    })

    it('lists by topic, by agent and topics, in the order of code points, page by page', async () => {
      for (const agent of ['dee', 'ann', 'Bob', 'cy']) await subscribe('list', agent)
      for (const topic of ['z', 'Z']) await subscribe(topic, 'Bob')
      const ofTopic = await readAll((cursor) => subscriptions.byTopic('list', { cursor, limit: 3 }))
      expect(ofTopic.map(({ agent_name }) => agent_name)).toEqual(['Bob', 'ann', 'cy', 'dee'])
      const ofAgent = await readAll((cursor) => subscriptions.byAgent('Bob', { cursor, limit: 2 }))
      expect(ofAgent.map(({ topic }) => topic)).toEqual(['Z', 'list', 'z'])
      const topics = await readAll((cursor) => subscriptions.topics({ cursor, limit: 2 }))
      expect(topics).toEqual(
        expect.arrayContaining([
          { topic: 'Z', subscribers: 1 },
          { topic: 'list', subscribers: 4 },
        ]),
      )
      expect(topics.map(({ topic }) => topic)).toEqual(topics.map(({ topic }) => topic).sort())
      const all = await subscriptions.list({ limit: 1_000 })
      const [, second] = all
      expect(await subscriptions.list({ after: second, limit: 2 })).toEqual(all.slice(2, 4))
      await expect(subscriptions.byTopic('list', { cursor: 'x', limit: 2 })).rejects.toMatchObject({
        code: 'cursor.invalid',
      })
    })

    it('ends a page before it is too large', async () => {
      const long = Array.from({ length: 100 }, (_, i) => `${i}-${'x'.repeat(18_000)}`)
      for (const agent of ['ann', 'cy', 'dee']) await subscribe('long', agent, long)
      const { items, next_cursor } = await subscriptions.byTopic('long', { limit: 100 })
      expect(items).toHaveLength(1)
      expect(next_cursor).not.toBeNull()
      expect(await readAll((cursor) => subscriptions.byTopic('long', { cursor, limit: 100 }))).toHaveLength(3)
    })

    it('adds an entry to the audit log with a change, and none without', async () => {
      const entry = (n: number) => ({
        action: 'test.subscription',
        actor: 'key:1',
        target: 'cy',
        details: {},
        timestamp: '2026-03-01T12:00:00Z',
        event_id: `00000000-0000-4000-8000-00000000000${n}`,
      })
      await subscriptions.subscribe({ topic: 'e', agent_name: 'cy', message_types: null }, limits, entry(1))
      await subscriptions.subscribe({ topic: 'e', agent_name: 'nobody', message_types: null }, limits, entry(2))
      await subscriptions.unsubscribe('e', 'cy', entry(3))
      await subscriptions.unsubscribe('e', 'cy', entry(4))
      const { items } = await audit.query({ action: 'test.subscription', limit: 10 })
      expect(items.map(({ event_id }) => event_id).sort()).toEqual([entry(1).event_id, entry(3).event_id])
    })

    it('numbers what is projected, each number once and greater than those before', async () => {
      const first = BigInt(await subscriptions.projectionVersion())
      expect(BigInt(await subscriptions.projectionVersion())).toBeGreaterThan(first)
    })
  })
}
