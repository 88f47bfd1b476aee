import { randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ConversationEvent, ConversationsRepository, StatusEvent } from '../conversations-repository.ts'
import { encodeCursor } from '../cursor.ts'
import { awkwardText } from './awkward-text.ts'

/** What every implementation of the conversations repository does, over an empty database. */
export function conversationsContract(
  name: string,
  makeRecords: () => Promise<{ conversations: ConversationsRepository }>,
): void {
  describe(`conversations in ${name}`, () => {
    let conversations: ConversationsRepository

    beforeAll(async () => {
      conversations = (await makeRecords()).conversations
    })

    const accept = (more: Partial<ConversationEvent> = {}): ConversationEvent => ({
      conversation_id: randomUUID(),
      from_agent: 'planner',
      to_agent: 'worker',
      message_type: 'task',
      content: '{"n":1}',
      timestamp: '2026-03-01T00:00:00.000Z',
      message_id: randomUUID(),
      priority: 2,
      status: 'pending',
      status_at: 1_000,
      attempts: 0,
      reason: null,
      metadata: {},
      ...more,
    })
    const change = (
      { from_agent, message_id, to_agent }: ConversationEvent,
      more: Partial<StatusEvent>,
    ): StatusEvent => ({
      from_agent,
      message_id,
      to_agent,
      status: 'delivered',
      status_at: 2_000,
      attempts: 1,
      reason: null,
      ...more,
    })
    const read = async (event: ConversationEvent) => {
      const rows = await conversations.byMessage(event.from_agent, event.message_id)
      return rows.find(({ to_agent }) => to_agent === event.to_agent)
    }

    it('gives back what was recorded', async () => {
      const event = accept({
        content: '{"b":1.0,"a":"ü😀","n":12345678901234567890}',
        timestamp: '2026-03-01T00:00:00.123456+01:00',
        status: 'failed',
        status_at: 1_772_323_200_123_456,
        attempts: 5,
        reason: 'gave up\n"after" five',
        metadata: { correlation_id: 'c', delivery_options: { max_attempts: 5 } },
      })
      await conversations.record([event], [])
      const stored = { ...event, id: expect.stringMatching(/^\d+$/), timestamp: '2026-02-28T23:00:00.123456Z' }
      expect(await conversations.byMessage(event.from_agent, event.message_id)).toEqual([stored])
      expect(await conversations.byConversation(event.conversation_id, { limit: 10 })).toEqual({
        items: [stored],
        next_cursor: null,
      })
    })

    it('keeps any body and any metadata, with NUL and lone surrogates anywhere', async () => {
      const value = fc.oneof(awkwardText, fc.double(), fc.array(awkwardText))
      const body = fc.dictionary(awkwardText, value, { maxKeys: 5 })
      const values = fc.sample(body, 100).map((value) => JSON.parse(JSON.stringify(value)))
      const events = values.map((value) => accept({ content: JSON.stringify(value), metadata: value }))
      const conversation_id = randomUUID()
      await conversations.record(
        events.map((event) => ({ ...event, conversation_id })),
        [],
      )
      const { items } = await conversations.byConversation(conversation_id, { limit: 100 })
      const byId = new Map(items.map((item) => [item.message_id, item]))
      const stored = events.map(({ message_id }) => byId.get(message_id))
      expect(stored.map((item) => item?.content)).toEqual(events.map(({ content }) => content))
      expect(stored.map((item) => item?.metadata)).toEqual(values)
    })

    it('keeps the meaning of a lone surrogate that stands in JSON text as it is', async () => {
      const event = accept({ content: '{"a":"x\ud800y"}' })
      await conversations.record([event], [])
      expect(JSON.parse((await read(event))?.content ?? '')).toEqual({ a: 'x\ud800y' })
    })

    it('stores a reason whatever it is', async () => {
      const event = accept()
      await conversations.record([event], [change(event, { status: 'failed', reason: `\0\ud800${'é'.repeat(5000)}` })])
      expect((await read(event))?.reason).toMatch(/^\uFFFD\uFFFDé{1998}$/)
    })

    it('moves the status of a message that is stored', async () => {
      const event = accept()
      await conversations.record([event], [])
      await conversations.record([], [change(event, { status: 'failed', attempts: 3, reason: 'no' })])
      expect(await read(event)).toMatchObject({ status: 'failed', status_at: 2_000, attempts: 3, reason: 'no' })
      await conversations.record([], [change(event, { status: 'pending', status_at: 3_000, attempts: 0 })])
      expect(await read(event)).toMatchObject({ status: 'pending', status_at: 3_000, attempts: 0, reason: null })
    })

    it('never moves it back', async () => {
      const event = accept()
      await conversations.record([event], [change(event, {})])
      await conversations.record([event], [])
      await conversations.record([], [change(event, { status: 'expired', status_at: 1_999 })])
      await conversations.record([{ ...event, status_at: 1_500 }], [])
      expect(await read(event)).toMatchObject({ status: 'delivered', status_at: 2_000, attempts: 1 })
    })

    it('takes the end over the beginning when both are of the same moment, in one call or two', async () => {
      const [one, two] = [accept(), accept()]
      await conversations.record([one], [change(one, { status_at: 1_000 })])
      await conversations.record([two], [])
      await conversations.record([], [change(two, { status_at: 1_000 })])
      await conversations.record([one, two], [])
      for (const event of [one, two]) expect(await read(event)).toMatchObject({ status: 'delivered', attempts: 1 })
    })

    it('folds a call that names the same message many times', async () => {
      const event = accept()
      const changes = [
        change(event, { status: 'pending', status_at: 4_000, attempts: 0 }),
        change(event, { status: 'failed', status_at: 3_000, attempts: 5, reason: 'first' }),
        change(event, { status: 'expired', status_at: 5_000, attempts: 1 }),
      ]
      await conversations.record([event, { ...event }, { ...event, status_at: 900 }], changes)
      expect(await read(event)).toMatchObject({ status: 'expired', status_at: 5_000, attempts: 1 })
      const other = accept()
      await conversations.record([other], [])
      await conversations.record(
        [],
        [...changes, ...changes].map((one) => ({ ...one, message_id: other.message_id })),
      )
      expect(await read(other)).toMatchObject({ status: 'expired', status_at: 5_000 })
    })

    it('drops a change of a message that was never stored', async () => {
      const event = accept()
      await conversations.record([], [change(event, {})])
      expect(await conversations.byMessage(event.from_agent, event.message_id)).toEqual([])
      await conversations.record([], [])
    })

    it('keeps a row for each recipient', async () => {
      const event = accept()
      const recipients = ['a', 'B', 'b'].map((to_agent) => ({ ...event, to_agent }))
      const [first] = recipients
      if (first) await conversations.record(recipients, [change(first, {})])
      const rows = await conversations.byMessage(event.from_agent, event.message_id)
      expect(rows.map(({ to_agent, status }) => [to_agent, status])).toEqual([
        ['B', 'pending'],
        ['a', 'delivered'],
        ['b', 'pending'],
      ])
      expect(await conversations.byMessage('somebody else', event.message_id)).toEqual([])
    })

    it('ends the same whatever the order, the repetition and the concurrency of calls', async () => {
      const conversation_id = randomUUID()
      const events = Array.from({ length: 40 }, () => accept({ conversation_id }))
      const changes = events.flatMap((event, index) => [
        change(event, { status: 'failed', status_at: 2_000 + index, attempts: 2, reason: 'x' }),
        change(event, { status: 'pending', status_at: 3_000 + index, attempts: 0 }),
        change(event, { status: 'delivered', status_at: 4_000 + index, attempts: 1 }),
      ])
      // every row has a beginning, so that no change is dropped
      await conversations.record(events, [])
      const calls = Array.from({ length: 12 }, (_, seed) => {
        const random = (index: number) => ((index + 1) * (seed + 7) * 2_654_435_761) % 4_294_967_296
        const shuffled = <T>(items: T[]) => items.map((item, i) => [random(i), item] as const).sort(([a], [b]) => a - b)
        const some = shuffled(changes).map(([, item]) => item)
        return conversations.record(
          shuffled(events)
            .slice(0, 20)
            .map(([, item]) => item),
          seed < 3 ? some : some.slice(0, 40),
        )
      })
      await Promise.all(calls)
      const { items } = await conversations.byConversation(conversation_id, { limit: 100 })
      expect(items).toHaveLength(40)
      const ends = new Map(items.map(({ message_id, status, status_at }) => [message_id, { status, status_at }]))
      expect(events.map(({ message_id }) => ends.get(message_id))).toEqual(
        events.map((_, index) => ({ status: 'delivered', status_at: 4_000 + index })),
      )
    })

    it('pages through a conversation, oldest first, through equal timestamps', async () => {
      const conversation_id = randomUUID()
      const events = Array.from({ length: 25 }, (_, index) =>
        accept({ conversation_id, timestamp: `2026-03-01T00:00:0${Math.floor(index / 10)}.000Z`, status_at: index }),
      )
      await conversations.record([...events].reverse(), [])
      const all = (await conversations.byConversation(conversation_id, { limit: 100 })).items
      expect(all.map(({ timestamp }) => timestamp)).toEqual(events.map(({ timestamp }) => timestamp))
      const paged = []
      let after: string | undefined
      do {
        const page = await conversations.byConversation(conversation_id, { after, limit: 4 })
        paged.push(...page.items)
        after = page.next_cursor ?? undefined
      } while (after)
      expect(paged).toEqual(all)
      const wrong = encodeCursor('metrics', '2026-03-01 00:00:00+00', '1')
      for (const cursor of ['rubbish', wrong]) {
        const page = conversations.byConversation(conversation_id, { after: cursor, limit: 1 })
        await expect(page).rejects.toMatchObject({ code: 'cursor.invalid' })
      }
    })

    it('takes and pages conversations of many megabytes', async () => {
      const conversation_id = randomUUID()
      const content = JSON.stringify({ text: 'x'.repeat(256 * 1024) })
      const events = Array.from({ length: 40 }, (_, index) => accept({ conversation_id, content, status_at: index }))
      await conversations.record(events, [])
      let [count, after]: [number, string | undefined] = [0, undefined]
      do {
        const page = await conversations.byConversation(conversation_id, { after, limit: 100 })
        expect(page.items.length).toBeGreaterThan(0)
        expect(page.items.every((item) => item.content === content)).toBe(true)
        count += page.items.length
        after = page.next_cursor ?? undefined
      } while (after)
      expect(count).toBe(40)
    })
  })
}
