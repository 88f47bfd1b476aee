import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { borrow } from '../../test/borrow.ts'
import { type HiveConfig, parseConfig } from '../config.ts'
import { createHive, type Hive } from '../hive.ts'
import { createRecords, type Records } from './create-records.ts'
import { type Forgotten, forgetOld } from './retention.ts'
import { agingTables } from './retention-repository.ts'

let client: pg.Client
let records: Records
let base: HiveConfig

beforeAll(async () => {
  base = parseConfig({
    ...JSON.parse(await borrow('database')),
    redisRestUrl: 'http://127.0.0.1:1',
    redisRestToken: 'x',
    deliverQueueUrl: 'http://127.0.0.1:1/deliver',
    historyQueueUrl: 'http://127.0.0.1:1/history',
    adminKeys: 'a-test-key-of-the-hive',
    signingRoot: 'a root from which tests derive their keys',
  })
  records = createRecords(base)
  client = new pg.Client({ connectionString: base.databaseUrl })
  await client.connect()
})
afterAll(async () => {
  await records.close()
  await client.end()
})
beforeEach(() => client.query(`TRUNCATE ${agingTables.join(', ')}`))

const silent = { info: () => {}, warn: () => {}, error: () => {} }
const now = Date.parse('2026-06-30T12:00:00Z')
const daysAgo = (days: number) => new Date(now - days * 86_400_000).toISOString()

/** A hive at a fixed moment; each look at the clock takes `stepMs`. */
function hiveWith(days: Partial<HiveConfig>, stepMs = 0): Hive {
  let at = now - stepMs
  const clock = {
    now: () => {
      at += stepMs
      return at
    },
    sleep: async () => {},
  }
  return { ...createHive({ ...base, ...days }, { clock, log: silent }), records: async () => records }
}

const ages = [0, 1, 9, 11, 29, 31, 45]

async function fill(): Promise<void> {
  await records.metrics.write(
    ages.map((age) => ({ agent_name: 'a', metric_type: 'm', value: age, timestamp: daysAgo(age) })),
  )
  await records.securityEvents.record(
    ages.map((age) => ({ event_type: 't', severity: 'low', description: String(age), timestamp: daysAgo(age) })),
  )
  await records.audit.record(
    ages.map((age) => ({
      ...{ action: 'a', actor: 'b', target: null, details: { age } },
      ...{ timestamp: daysAgo(age), event_id: randomUUID() },
    })),
  )
  const statuses = ['pending', 'delivered', 'failed', 'expired', 'discarded'] as const
  await records.conversations.record(
    ages.flatMap((age) =>
      statuses.map((status) => ({
        ...{ conversation_id: randomUUID(), from_agent: 'a', to_agent: 'b', message_type: status, content: '{}' },
        ...{ timestamp: daysAgo(age), message_id: `${status}-${age}`, priority: 2, status, status_at: 1 },
        ...{ attempts: 0, reason: null, metadata: {} },
      })),
    ),
    [],
  )
  await client.query('TRUNCATE metric_writes')
  await client.query(
    `INSERT INTO metric_writes SELECT 'key-' || age, 1, $1::timestamptz - make_interval(days => age)
    FROM unnest($2::int[]) age`,
    [new Date(now), ages],
  )
}

async function left(): Promise<Record<string, number[]>> {
  const read = async (sql: string) => (await client.query(`${sql} ORDER BY 1`)).rows.map(({ age }) => Number(age))
  return {
    metrics: await read('SELECT value AS age FROM agent_metrics'),
    events: await read('SELECT description::int AS age FROM security_events'),
    audit: await read(`SELECT (details->>'age')::int AS age FROM audit_logs`),
    delivered: await read(`SELECT split_part(message_id, '-', 2)::int AS age FROM agent_conversations
      WHERE status IN ('delivered', 'expired', 'discarded') GROUP BY 1 HAVING count(*) = 3`),
    open: await read(`SELECT split_part(message_id, '-', 2)::int AS age FROM agent_conversations
      WHERE status IN ('pending', 'failed') GROUP BY 1 HAVING count(*) = 2`),
    keys: await read(`SELECT split_part(key, '-', 2)::int AS age FROM metric_writes`),
  }
}

describe('retention', () => {
  it('keeps everything for good unless the configuration says otherwise, but for keys of writes', async () => {
    await fill()
    const { deleted, unfinished } = await forgetOld(hiveWith({}))
    expect({ deleted, unfinished }).toEqual({ deleted: { metric_writes: 5 }, unfinished: [] })
    const everything = { metrics: ages, events: ages, audit: ages, delivered: ages, open: ages }
    expect(await left()).toEqual({ ...everything, keys: [0, 1] })
  })

  it('deletes from each table what is older than its own number of days', async () => {
    await fill()
    const days = { metricsDays: 10, conversationsDays: 10, securityEventsDays: 30, auditDays: 40 }
    await forgetOld(hiveWith(days))
    expect(await left()).toEqual({
      metrics: [0, 1, 9],
      events: [0, 1, 9, 11, 29],
      audit: [0, 1, 9, 11, 29, 31],
      delivered: [0, 1, 9],
      // they may still change
      open: [0, 1, 9, 11, 29, 31],
      keys: [0, 1],
    })
  })

  it('takes the oldest first in bounded batches and goes on until nothing is left', async () => {
    await fill()
    const { deleted, unfinished } = await forgetOld(hiveWith({ metricsDays: 10 }), { batch: 2, budgetMs: 1_000 })
    expect({ deleted, unfinished }).toEqual({ deleted: { agent_metrics: 4, metric_writes: 5 }, unfinished: [] })
    await fill()
    expect(await records.retention.forget('agent_metrics', daysAgo(10), 3)).toBe(3)
    expect((await left()).metrics).toEqual([0, 0, 1, 1, 9, 9, 11])
  })

  it('stops when its time is up, having given each table its turn, and the next run goes on', async () => {
    await fill()
    const days = { metricsDays: 10, securityEventsDays: 10 }
    const runs: Forgotten[] = []
    for (let n = 0; n < 3; n++) runs.push(await forgetOld(hiveWith(days, 600), { batch: 2, budgetMs: 1_000 }))
    expect(runs[0]).toEqual({
      deleted: { agent_metrics: 2, security_events: 2, metric_writes: 2 },
      unfinished: ['agent_metrics', 'security_events', 'metric_writes'],
    })
    expect(runs[2]).toEqual({ deleted: { agent_metrics: 0, security_events: 0, metric_writes: 1 }, unfinished: [] })
    expect((await left()).metrics).toEqual([0, 1, 9])
  })

  it('is done once when two run at the same time', async () => {
    await fill()
    const hive = hiveWith({ metricsDays: 10, auditDays: 10 })
    const both = await Promise.all([forgetOld(hive, { batch: 1, budgetMs: 60_000 }), forgetOld(hive)])
    const total = (table: 'agent_metrics' | 'audit_logs') =>
      both.reduce((sum, { deleted }) => sum + (deleted[table] ?? 0), 0)
    expect([total('agent_metrics'), total('audit_logs')]).toEqual([4, 4])
  })
})
