import { randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeCursor } from '../cursor.ts'
import type { SecurityEvent, SecurityEventRow, SecurityEventsRepository } from '../security-events-repository.ts'
import { awkwardKey, awkwardText } from './awkward-text.ts'

/** What every implementation of the security events repository does, over an empty database. */
export function securityEventsContract(
  name: string,
  makeRecords: () => Promise<{ securityEvents: SecurityEventsRepository }>,
): void {
  describe(`security events in ${name}`, () => {
    let events: SecurityEventsRepository
    const event = (more: Partial<SecurityEvent> = {}): SecurityEvent => ({
      event_type: 'auth.failed',
      severity: 'medium',
      description: 'a wrong key',
      timestamp: '2026-03-01T00:00:00.000Z',
      ...more,
    })

    beforeAll(async () => {
      events = (await makeRecords()).securityEvents
    })

    async function readAll(query: Omit<Parameters<SecurityEventsRepository['query']>[0], 'limit'>, limit = 4) {
      const items: SecurityEventRow[] = []
      let cursor: string | undefined
      do {
        const page = await events.query({ ...query, limit, cursor })
        items.push(...page.items)
        cursor = page.next_cursor ?? undefined
      } while (cursor)
      return items
    }

    it('gives back what was recorded', async () => {
      const full = event({
        event_type: 'one',
        description: 'ü "x"\n😀',
        timestamp: '2026-03-01T00:00:00.123456+01:00',
        metadata: { ip: '::1', list: [1, null] },
        event_id: randomUUID(),
      })
      expect(await events.record([full, event({ event_type: 'two' })])).toBe(2)
      const id = expect.stringMatching(/^\d+$/)
      expect((await events.query({ event_type: 'one', limit: 10 })).items).toEqual([
        { ...full, id, timestamp: '2026-02-28T23:00:00.123456Z' },
      ])
      expect((await events.query({ event_type: 'two', limit: 10 })).items).toMatchObject([{ metadata: {} }])
      expect(await events.record([])).toBe(0)
    })

    it('keeps any metadata, with NUL and lone surrogates anywhere', async () => {
      const values = fc.sample(fc.dictionary(awkwardKey, awkwardText, { maxKeys: 4 }), 50)
      await events.record(
        values.map((metadata, index) => event({ event_type: 'any', severity: `s${index}`, metadata })),
      )
      const stored = new Map((await readAll({ event_type: 'any' }, 20)).map((row) => [row.severity, row.metadata]))
      expect(values.map((_, index) => stored.get(`s${index}`))).toEqual(
        values.map((metadata) => JSON.parse(JSON.stringify(metadata))),
      )
    })

    it('records the same event once', async () => {
      const same = event({ event_type: 'same', event_id: randomUUID() })
      expect(await events.record([same, same])).toBe(1)
      expect(await events.record([same, event({ event_type: 'same' })])).toBe(1)
      expect(await readAll({ event_type: 'same' })).toHaveLength(2)
    })

    it('drops what goes over the most of a type in a minute, and nothing of other types', async () => {
      const now = () => new Date().toISOString()
      const limited = { most_per_minute: 3 }
      let count = 0
      for (let n = 0; n < 5; n++)
        count += await events.record([event({ event_type: 'flood', timestamp: now() })], limited)
      expect(count).toBe(3)
      expect(await events.record([event({ event_type: 'calm', timestamp: now() })], limited)).toBe(1)
      expect(await events.record([event({ event_type: 'flood', timestamp: now() })])).toBe(1)
      for (let n = 0; n < 5; n++) expect(await events.record([event({ event_type: 'old' })], limited)).toBe(1)
    })

    it('finds by type, severity and time, newest first, through equal moments', async () => {
      const types = ['find.a', 'find.b']
      const severities = ['low', 'high', 'critical']
      const all = Array.from({ length: 24 }, (_, index) =>
        event({
          event_type: types[index % 2] ?? '',
          severity: severities[index % 3] ?? '',
          timestamp: `2026-05-01T00:00:0${Math.floor(index / 6)}.000Z`,
          metadata: { index },
        }),
      )
      await events.record(all)
      const range = { from: '2026-05-01T00:00:00Z', to: '2026-05-01T00:00:04Z' }
      const indexes = async (query: Parameters<typeof readAll>[0]) =>
        (await readAll(query)).map(({ metadata }) => (metadata as { index: number }).index)
      const expected = (wanted: (index: number) => boolean) =>
        all.map((_, index) => 23 - index).filter((index) => wanted(index))
      const sorted = (list: number[]) => [...list].sort((a, b) => b - a)
      expect(sorted(await indexes(range))).toEqual(expected(() => true))
      expect(sorted(await indexes({ ...range, event_type: 'find.a' }))).toEqual(expected((n) => n % 2 === 0))
      expect(sorted(await indexes({ ...range, severity: 'high' }))).toEqual(expected((n) => n % 3 === 1))
      expect(sorted(await indexes({ ...range, severity: 'low', event_type: 'find.b' }))).toEqual(
        expected((n) => n % 6 === 3),
      )
      const part = { from: '2026-05-01T00:00:01Z', to: '2026-05-01T00:00:03Z' }
      expect(sorted(await indexes(part))).toEqual(expected((n) => n >= 6 && n < 18))
      const moments = (await readAll(range)).map(({ timestamp }) => timestamp)
      expect(moments).toEqual([...moments].sort().reverse())
    })

    it('names the column that refused, and refuses the cursor of another list', async () => {
      for (const [fault, field] of [
        [{ event_type: '' }, 'event_type'],
        [{ severity: 'x'.repeat(65) }, 'severity'],
        [{ description: 'x'.repeat(10_001) }, 'description'],
      ] as const) {
        await expect(events.record([event(fault)])).rejects.toMatchObject({
          code: 'request.unprocessable',
          errors: [{ field }],
        })
      }
      const wrong = encodeCursor('audit_logs', '2026-03-01 00:00:00+00', '1')
      for (const cursor of ['rubbish', wrong]) {
        await expect(events.query({ cursor, limit: 1 })).rejects.toMatchObject({ code: 'cursor.invalid' })
      }
    })
  })
}
