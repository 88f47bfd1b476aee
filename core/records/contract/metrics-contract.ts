import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeCursor } from '../cursor.ts'
import type { MetricPoint, MetricRow, MetricsRepository } from '../metrics-repository.ts'
import type { Page } from '../page.ts'
import { awkwardKey, awkwardText } from './awkward-text.ts'

const start = Date.parse('2026-03-01T00:00:00Z')
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString()

/** What every implementation of the metrics repository does, over an empty database. */
export function metricsContract(name: string, makeRecords: () => Promise<{ metrics: MetricsRepository }>): void {
  describe(`metrics in ${name}`, () => {
    let metrics: MetricsRepository
    let agents = 0
    const newAgent = () => `agent-${++agents}`
    const point = (agent_name: string, seconds: number, more: Partial<MetricPoint> = {}): MetricPoint => ({
      agent_name,
      metric_type: 'latency',
      value: seconds,
      timestamp: at(seconds),
      ...more,
    })

    beforeAll(async () => {
      metrics = (await makeRecords()).metrics
    })

    async function readAll(query: Parameters<MetricsRepository['query']>[0]): Promise<MetricRow[]> {
      const rows: MetricRow[] = []
      let page: Page<MetricRow> = { items: [], next_cursor: null }
      do {
        page = await metrics.query({ ...query, ...(page.next_cursor ? { cursor: page.next_cursor } : {}) })
        rows.push(...page.items)
      } while (page.next_cursor)
      return rows
    }

    it('gives back what was written', async () => {
      const agent_name = newAgent()
      const written = await metrics.write([
        {
          agent_name,
          metric_type: 'späti "1"',
          value: 0.7403193804403482,
          timestamp: '2026-03-01T12:00:00.123456+02:00',
          metadata: { a: [1, null, { 'b"\\': 'ü😀' }], '': true },
          source_database: 'monitoring.db',
        },
      ])
      expect(written).toBe(1)
      expect(await metrics.query({ agent_name, limit: 10 })).toEqual({
        items: [
          {
            id: expect.stringMatching(/^\d+$/),
            agent_name,
            metric_type: 'späti "1"',
            value: 0.7403193804403482,
            timestamp: '2026-03-01T10:00:00.123456Z',
            metadata: { a: [1, null, { 'b"\\': 'ü😀' }], '': true },
            source_database: 'monitoring.db',
          },
        ],
        next_cursor: null,
      })
    })

    it('keeps any double and any JSON, with NUL and lone surrogates anywhere', async () => {
      const value = fc.oneof(awkwardText, fc.double(), fc.array(awkwardText))
      const metadata = fc.dictionary(awkwardKey, value, { maxKeys: 5 })
      const samples = fc.sample(fc.record({ value: fc.double(), metadata }), 200)
      const agent_name = newAgent()
      const exact = samples.map(({ value, metadata }) => ({ value, metadata: JSON.parse(JSON.stringify(metadata)) }))
      await metrics.write(exact.map((sample, index) => point(agent_name, index, sample)))
      const rows = await readAll({ agent_name, limit: 1000 })
      expect(rows.reverse().map(({ value, metadata }) => ({ value, metadata }))).toEqual(exact)
    })

    it('keeps NaN, the infinities and the sign of zero', async () => {
      const agent_name = newAgent()
      const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]
      await metrics.write(values.map((value, index) => point(agent_name, index, { value })))
      const rows = await metrics.query({ agent_name, limit: 10 })
      expect(rows.items.reverse().map(({ value }) => value)).toEqual(values)
    })

    it('keeps moments at both ends of the calendar', async () => {
      const agent_name = newAgent()
      const times = ['0001-01-01T00:00:00+14:00', '1969-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.5-14:59']
      await metrics.write(times.map((timestamp) => point(agent_name, 0, { timestamp })))
      const first = await metrics.query({ agent_name, limit: 1 })
      expect(first.items[0]?.timestamp).toBe('+010000-01-01T14:58:59.500Z')
      const rest = await metrics.query({ agent_name, limit: 5, cursor: String(first.next_cursor) })
      expect(rest.items.map(({ timestamp }) => timestamp)).toEqual([
        '1969-12-31T23:59:59.999999Z',
        '0000-12-31T10:00:00.000Z',
      ])
    })

    it('writes 5,000 points in one call', async () => {
      const agent_name = newAgent()
      const points = Array.from({ length: 5000 }, (_, index) => point(agent_name, index, { metadata: { index } }))
      expect(await metrics.write(points)).toBe(5000)
      const rows = await readAll({ agent_name, metric_type: 'latency', limit: 1000 })
      expect(rows.map(({ value }) => value)).toEqual(points.map(({ value }) => value).reverse())
    })

    it('writes all or nothing', async () => {
      const agent_name = newAgent()
      const bad: Partial<MetricPoint>[] = [
        { metric_type: '' },
        { metric_type: 'x'.repeat(513) },
        { metric_type: 'a\0b' },
        { timestamp: '2026-02-30T00:00:00Z' },
        { timestamp: 'infinity' },
      ]
      for (const fault of bad) {
        await expect(metrics.write([point(agent_name, 1), point(agent_name, 2, fault)])).rejects.toMatchObject({
          code: 'request.unprocessable',
        })
      }
      expect(await metrics.query({ agent_name, limit: 10 })).toEqual({ items: [], next_cursor: null })
      expect(await metrics.write([])).toBe(0)
    })

    it('takes a write with a key once, also when both come at once', async () => {
      const agent_name = newAgent()
      const points = [point(agent_name, 1), point(agent_name, 2)]
      const known = { key: `write-${agent_name}`, digest: 'one' }
      const write = () => metrics.write(points, known)
      expect(await Promise.all([write(), write(), write()])).toEqual([2, 2, 2])
      expect(await write()).toBe(2)
      expect((await metrics.query({ agent_name, limit: 10 })).items).toHaveLength(2)
      await metrics.write(points)
      expect((await metrics.query({ agent_name, limit: 10 })).items).toHaveLength(4)
    })

    it('refuses other points under a key that was used, and takes the first ones again', async () => {
      const agent_name = newAgent()
      const key = `write-${agent_name}`
      const first = () => metrics.write([point(agent_name, 1), point(agent_name, 2)], { key, digest: 'one' })
      const other = metrics.write.bind(metrics, [point(agent_name, 3)], { key, digest: 'other' })
      expect(await first()).toBe(2)
      await expect(other()).rejects.toMatchObject({ code: 'metrics.conflict', errors: [{ field: 'Idempotency-Key' }] })
      expect(await first()).toBe(2)
      expect((await metrics.query({ agent_name, limit: 10 })).items).toHaveLength(2)
    })

    it('takes what a key was used for before digests were kept for that', async () => {
      const agent_name = newAgent()
      const key = `write-${agent_name}`
      expect(await metrics.write([point(agent_name, 1)], { key, digest: null })).toBe(1)
      expect(await metrics.write([point(agent_name, 1)], { key, digest: 'one' })).toBe(1)
      expect((await metrics.query({ agent_name, limit: 10 })).items).toHaveLength(1)
    })

    it('pages through equal timestamps without a gap or a repetition, whatever is written meanwhile', async () => {
      const agent_name = newAgent()
      const types = ['a', 'b', 'c']
      const points = Array.from({ length: 60 }, (_, index) =>
        point(agent_name, Math.floor(index / 20), { metric_type: types[index % 3] ?? '', value: index }),
      )
      await metrics.write(points)
      const expected = (await metrics.query({ agent_name, limit: 100 })).items
      expect(expected).toHaveLength(60)
      const first = await metrics.query({ agent_name, limit: 7 })
      await metrics.write([point(agent_name, 99)])
      const rest = await readAll({ agent_name, limit: 7, cursor: String(first.next_cursor) })
      expect([...first.items, ...rest]).toEqual(expected)
      const ofType = await readAll({ agent_name, metric_type: 'b', limit: 3 })
      expect(ofType).toEqual(expected.filter(({ metric_type }) => metric_type === 'b'))
    })

    it('filters by agent, type and range, newest first, with the end excluded', async () => {
      const [one, two] = [newAgent(), newAgent()]
      const metric_type = `only-${one}`
      await metrics.write([
        ...[1, 2, 3, 4].map((second) => point(one, second, { metric_type })),
        ...[1, 2, 3, 4].map((second) => point(two, second, { metric_type, value: second * 10 })),
        point(one, 2, { metric_type: 'other', value: 7 }),
      ])
      const values = async (query: object) =>
        (await metrics.query({ ...query, limit: 10 })).items.map(({ value }) => value)
      expect(await values({ agent_name: one, metric_type, from: at(2), to: at(4) })).toEqual([3, 2])
      expect(await values({ agent_name: one, from: at(2), to: at(3) })).toEqual([7, 2])
      expect(await values({ metric_type, from: at(3) })).toEqual([40, 4, 30, 3])
      expect(await values({ agent_name: one, metric_type: 'none' })).toEqual([])
      expect(await values({ agent_name: 'nobody' })).toEqual([])
      const everything = await metrics.query({ limit: 3 })
      expect(everything.items).toHaveLength(3)
      expect(everything.next_cursor).not.toBeNull()
    })

    it('ends a page early rather than answer with more than some megabytes', async () => {
      const agent_name = newAgent()
      const metadata = { text: 'x'.repeat(1024 * 1024) }
      const points = [1, 2, 3, 4].map((second) => point(agent_name, second, { metadata }))
      for (const one of points) await metrics.write([one])
      const first = await metrics.query({ agent_name, limit: 4 })
      expect(first.items.length).toBeLessThan(4)
      const rest = await readAll({ agent_name, limit: 4, cursor: String(first.next_cursor) })
      expect([...first.items, ...rest].map(({ value }) => value)).toEqual([4, 3, 2, 1])
    })

    it('takes and gives points too large for one HTTP request', async () => {
      const agent_name = newAgent()
      const metadata = { text: 'x'.repeat(9 * 1024 * 1024) }
      expect(await metrics.write([point(agent_name, 1, { metadata })])).toBe(1)
      expect((await metrics.query({ agent_name, limit: 1 })).items[0]?.metadata).toEqual(metadata)
    })

    it.each([
      ['rubbish', '???'],
      ['text that is not JSON', Buffer.from('no').toString('base64url')],
      ['another list', encodeCursor('conversation', '2026-03-01 00:00:00+00', '1')],
      ['a part too few', encodeCursor('metrics', '2026-03-01 00:00:00+00')],
      ['a moment that does not exist', encodeCursor('metrics', '2026-02-30 00:00:00+00', '1')],
      ['words for a moment', encodeCursor('metrics', 'yesterday', '1')],
      ['an id beyond 64 bits', encodeCursor('metrics', '2026-03-01 00:00:00+00', '9'.repeat(30))],
      ['parts that are no text', Buffer.from('["metrics",1,2]').toString('base64url')],
    ])('refuses a cursor of %s', async (_, cursor) => {
      for (const query of [{}, { agent_name: 'a' }, { agent_name: 'a', metric_type: 'b' }]) {
        await expect(metrics.query({ ...query, limit: 1, cursor })).rejects.toMatchObject({ code: 'cursor.invalid' })
      }
    })

    it('rolls up each series by interval with interpolated percentiles', async () => {
      const [one, two] = [newAgent(), newAgent()]
      const metric_type = `rolled-${one}`
      await metrics.write([
        ...Array.from({ length: 100 }, (_, index) => point(one, index * 0.5, { metric_type, value: index + 1 })),
        point(one, 60, { metric_type, value: 5 }),
        point(two, 10, { metric_type, value: -1 }),
        point(two, 10, { metric_type, value: 1 }),
        point(one, 120, { metric_type, value: 1000 }),
      ])
      const range = { metric_type, from: at(0), to: at(120), interval_seconds: 60 }
      const rollup = await metrics.rollup(range)
      expect(rollup).toEqual([
        {
          bucket: at(0),
          agent_name: one,
          metric_type,
          avg: 50.5,
          min: 1,
          max: 100,
          count: 100,
          p50: 50.5,
          p95: expect.closeTo(95.05, 9),
          p99: expect.closeTo(99.01, 9),
        },
        {
          bucket: at(0),
          agent_name: two,
          metric_type,
          avg: 0,
          min: -1,
          max: 1,
          count: 2,
          p50: 0,
          p95: expect.closeTo(0.9, 9),
          p99: expect.closeTo(0.98, 9),
        },
        { bucket: at(60), agent_name: one, metric_type, avg: 5, min: 5, max: 5, count: 1, p50: 5, p95: 5, p99: 5 },
      ])
      expect(await metrics.rollup({ ...range, agent_name: two })).toEqual([rollup[1]])
      const shifted = await metrics.rollup({ ...range, agent_name: one, from: at(30) })
      expect(shifted.map(({ bucket, count }) => [bucket, count])).toEqual([
        [at(0), 40],
        [at(60), 1],
      ])
    })

    it('rolls up values at the ends of the doubles', async () => {
      const agent_name = newAgent()
      const values = [1.7e308, 1.7e308, 1e200, 5e-324, 3]
      await metrics.write(values.map((value, index) => point(agent_name, index, { value })))
      const [row] = await metrics.rollup({ agent_name, from: at(0), to: at(60), interval_seconds: 3600 })
      expect(row).toMatchObject({ count: 5, avg: expect.closeTo(6.8e307, -300), max: 1.7e308, min: 5e-324, p50: 1e200 })
    })

    it('refuses a roll-up of more than 10,000 rows', async () => {
      const agent_name = newAgent()
      for (const part of [0, 1, 2]) {
        await metrics.write(Array.from({ length: 4000 }, (_, index) => point(agent_name, part * 4000 + index)))
      }
      const range = { agent_name, from: at(0), to: at(12_000) }
      await expect(metrics.rollup({ ...range, interval_seconds: 1 })).rejects.toMatchObject({
        code: 'request.unprocessable',
        errors: [{ field: 'interval_seconds' }],
      })
      expect(await metrics.rollup({ ...range, interval_seconds: 2 })).toHaveLength(6000)
    })
  })
}
