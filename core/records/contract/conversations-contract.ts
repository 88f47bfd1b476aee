import { randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ConversationEvent, ConversationsRepository, StatusEvent } from '../conversations-repository.ts'
import { encodeCursor } from '../cursor.ts'
import { awkwardKey, awkwardText } from './awkward-text.ts'

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
      const body = fc.dictionary(awkwardKey, value, { maxKeys: 5 })
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

    describe('read newest first', () => {
      const second = (n: number) => `2026-04-01T00:00:${String(n).padStart(2, '0')}.000Z`
      const names = (tag: string) => [`${tag}-a`, `${tag}-b`, `${tag}-c`] as const
      async function readAll(query: Omit<Parameters<ConversationsRepository['query']>[0], 'limit'>, limit = 3) {
        const items = []
        let cursor: string | undefined
        do {
          const page = await conversations.query({ ...query, limit, cursor })
          expect(page.items.length).toBeLessThanOrEqual(limit)
          items.push(...page.items)
          cursor = page.next_cursor ?? undefined
        } while (cursor)
        return items
      }

      it('gives what an agent sent and received, what two said to each other, and ranges of time', async () => {
        const [a, b, c] = names('pair')
        const ways = [
          [a, b],
          [b, a],
          [a, c],
          [c, b],
          [a, a],
          [a, b],
          [b, b],
        ] as const
        const events = ways.map(([from_agent, to_agent], index) =>
          accept({ from_agent, to_agent, timestamp: second(Math.floor(index / 2)), message_id: `m${index}` }),
        )
        for (const event of events) await conversations.record([event], [])
        const ids = async (query: Parameters<typeof readAll>[0]) =>
          (await readAll(query, 2)).map(({ message_id }) => Number(message_id.slice(1)))
        expect(await ids({ agent: a })).toEqual([5, 4, 2, 1, 0])
        expect(await ids({ agent: b })).toEqual([6, 5, 3, 1, 0])
        expect(await ids({ agent: a, with: b })).toEqual([5, 1, 0])
        expect(await ids({ agent: b, with: a })).toEqual([5, 1, 0])
        expect(await ids({ agent: a, with: a })).toEqual([4])
        expect(await ids({ agent: c, with: c })).toEqual([])
        expect(await ids({ agent: b, from: second(1), to: second(3) })).toEqual([5, 3])
        expect(await ids({ from: second(2), to: second(3) })).toEqual([5, 4])
        expect(await ids({ agent: `${a}'; --` })).toEqual([])
        const [newest] = await readAll({ agent: a })
        expect(newest).toEqual((await conversations.byMessage(a, 'm5'))[0])
      })

      it('finds whole words of the body, wherever they stand in its JSON', async () => {
        const [a, b, c] = names('words')
        const bodies = [
          { text: 'The quick brown fox' },
          { list: ['jumps', { deep: 'over\nthe\tlazy "dog"' }] },
          { text: 'ÜBER naïve 東京 user@example.com', fox: 1 },
          { path: 'C:\\temp\\new\u0000file', n: 12345 },
        ]
        const events = bodies.map((body, index) =>
          accept({
            from_agent: a,
            to_agent: index === 2 ? c : b,
            content: JSON.stringify(body),
            message_id: `w${index}`,
          }),
        )
        await conversations.record(events, [])
        const found = async (search: string, more = {}) =>
          (await readAll({ agent: a, search, ...more })).map(({ message_id }) => Number(message_id.slice(1))).sort()
        expect(await found('fox')).toEqual([0, 2])
        expect(await found('FOX quick')).toEqual([0])
        expect(await found('fox -quick')).toEqual([2])
        expect(await found('"brown fox"')).toEqual([0])
        expect(await found('"fox brown"')).toEqual([])
        expect(await found('lazy or über')).toEqual([1, 2])
        for (const word of ['the dog', 'jumps', 'deep', 'lazy']) expect(await found(word)).toContain(1)
        for (const word of ['東京', 'naïve', 'user@example.com']) expect(await found(word)).toEqual([2])
        for (const word of ['temp', 'new', 'file', '12345']) expect(await found(word)).toEqual([3])
        expect(await found('qui')).toEqual([])
        expect(await found('fox', { with: c })).toEqual([2])
        expect(await found('fox', { with: b, from: '2026-03-01T00:00:00.001Z' })).toEqual([])
        const everywhere = await conversations.query({ search: 'quick brown', limit: 10 })
        expect(everywhere.items.map(({ from_agent }) => from_agent)).toEqual([a])
      })

      it('takes any text as a search, and finds nothing where there is no word', async () => {
        for (const search of ['', ' ', '!!!', '\0', '\ud800', '"', '( & | ! <->', "':*'", 'x'.repeat(2_000)]) {
          expect(await conversations.query({ search, limit: 10 })).toEqual({ items: [], next_cursor: null })
        }
        await fc.assert(
          fc.asyncProperty(awkwardText, async (search) => {
            await conversations.query({ search, limit: 1 })
          }),
          { numRuns: 25 },
        )
      })

      it('stores and finds bodies of the largest size, however many words they have', async () => {
        const [a, b] = names('large')
        const unit = (n: number) => n.toString(36)
        const wide = (n: number) => String.fromCodePoint(0x20000 + (n % 40_000), 0x20000 + (n % 39_983))
        const texts: Record<string, (n: number) => string> = {
          short: (n) => `${unit(n)} `,
          hyphenated: (n) => `${unit(n)}-x${unit(n)} `,
          hosts: (n) => `${unit(n)}.de/${unit(n)} `,
          wide: (n) => `${wide(n)} `,
          mail: (n) => `${unit(n)}@${unit(n)}.io `,
          endless: () => 'aß',
        }
        for (const [kind, word] of Object.entries(texts)) {
          for (const [most, size] of [
            [65_000, (text: string) => [...text].length],
            [256 * 1024, Buffer.byteLength],
          ] as const) {
            const parts: string[] = []
            for (let [n, total] = [0, 64]; ; n++) {
              const part = word(n)
              total += size(part)
              if (total > most) break
              parts.push(part)
            }
            const content = JSON.stringify({ first: 'alpha', text: parts.join(''), last: 'omega' })
            await conversations.record([accept({ from_agent: a, to_agent: b, message_type: kind, content })], [])
          }
        }
        const kinds = async (search: string) =>
          (await readAll({ agent: a, search }, 100)).map(({ message_type }) => message_type).sort()
        const all = Object.keys(texts).sort()
        expect(await kinds('alpha')).toEqual(all.flatMap((kind) => [kind, kind]))
        expect(await kinds('omega')).toEqual(all)
      })

      it('ends a page early rather than answer with more than some megabytes of JSON', async () => {
        const [a, b] = names('pages')
        const content = JSON.stringify({ text: '\\"'.repeat(60_000) })
        await conversations.record(
          Array.from({ length: 12 }, () => accept({ from_agent: a, to_agent: b, content })),
          [],
        )
        const page = await conversations.query({ agent: a, limit: 100 })
        expect(JSON.stringify(page).length).toBeLessThan(4_000_000)
        expect(page.items.length).toBeGreaterThan(1)
        expect(await readAll({ agent: a }, 100)).toHaveLength(12)
      })

      it('refuses the cursor of another list', async () => {
        for (const cursor of ['rubbish', encodeCursor('conversation', '2026-03-01 00:00:00+00', '1')]) {
          await expect(conversations.query({ limit: 1, cursor })).rejects.toMatchObject({ code: 'cursor.invalid' })
        }
      })
    })
  })
}
