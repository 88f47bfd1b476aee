import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type NeonServer, startNeon } from '../../../scripts/local/neon/start-neon.ts'
import { type PostgresProcess, startPostgres } from '../../../scripts/local/postgres/start-postgres.ts'
import type { ConversationEvent } from '../conversations-repository.ts'
import { createRecords, type Records } from '../create-records.ts'
import { migrateSchema } from '../migrate-schema.ts'
import type { RecordsConfig } from './run-statement.ts'

let home: string
// of its own: it is killed
let postgres: PostgresProcess
let neon: NeonServer
let config: RecordsConfig
let records: Records

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hive-records-'))
  postgres = await startPostgres({ dir: home, persistent: false })
  neon = await startNeon({ postgresUrl: postgres.url })
  await migrateSchema(postgres.url)
  config = { databaseUrl: postgres.url, neonHttpEndpoint: neon.httpEndpoint, neonWsProxy: neon.wsProxy }
  records = createRecords(config)
})

afterAll(async () => {
  await neon.close()
  await postgres.stop()
  await rm(home, { recursive: true, force: true })
})

const newPoint = () => ({
  agent_name: randomUUID(),
  metric_type: 'm',
  value: 1,
  timestamp: '2026-03-01T00:00:00Z',
  metadata: { secret: 'do-not-tell' },
})
const newEvent = (): ConversationEvent => ({
  conversation_id: randomUUID(),
  from_agent: 'a',
  to_agent: 'b',
  message_type: 't',
  content: '{}',
  timestamp: '2026-03-01T00:00:00Z',
  message_id: randomUUID(),
  priority: 2,
  status: 'pending',
  status_at: 1,
  attempts: 0,
  reason: null,
  metadata: {},
})
const agent = { name: 'a', endpoint: null, sealed_secrets: [], disabled: false }
const stored = async ({ agent_name }: { agent_name: string }) =>
  (await records.metrics.query({ agent_name, limit: 10 })).items.length

describe('a statement without an answer', () => {
  it.each([500, 502, 503, 429])('is tried again after %i', async (status) => {
    neon.faults.failNext(3, status)
    const point = newPoint()
    expect(await records.metrics.write([point])).toBe(1)
    expect(await stored(point)).toBe(1)
  })

  it('is applied once when it had been applied and only its answer was lost', async () => {
    const [point, event] = [newPoint(), newEvent()]
    neon.faults.dropNextAnswers(2)
    expect(await records.metrics.write([point, point])).toBe(2)
    expect(await stored(point)).toBe(2)
    neon.faults.dropNextAnswers(2)
    await records.conversations.record([event], [{ ...event, status: 'delivered', status_at: 2, attempts: 1 }])
    expect(await records.conversations.byMessage(event.from_agent, event.message_id)).toMatchObject([
      { status: 'delivered', attempts: 1 },
    ])
    neon.faults.dropNextAnswers(2)
    expect((await records.agents.put(agent)).agent.version).toBe(1)
    neon.faults.dropNextAnswers(2)
    expect((await records.agents.change('a', { disabled: true }))?.version).toBe(2)
  })

  it('ends as postgres.unavailable within its time, with when to come back', async () => {
    neon.faults.failNext(100, 500)
    const before = performance.now()
    const impatient = createRecords(config, { retryMs: 300 })
    await expect(impatient.agents.get('a')).rejects.toMatchObject({ code: 'postgres.unavailable', retryAfter: 2 })
    expect(performance.now() - before).toBeLessThan(4_000)
    neon.faults.failNext(0, 500)
  })

  it('does not wait for an answer for ever', async () => {
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const endpoint = `http://127.0.0.1:${typeof address === 'object' && address?.port}/sql`
    const patient = createRecords({ ...config, neonHttpEndpoint: endpoint }, { timeoutMs: 100, retryMs: 0 })
    const error: unknown = await patient.agents.get('a').catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'postgres.unavailable', cause: { message: 'no answer (TimeoutError)' } })
    silent.close()
  })
})

describe.each(['neon-http', 'neon-websocket', 'pg'] as const)('when Postgres is killed, over %s', (recordsDriver) => {
  it('says so, and goes on when it is back', async () => {
    const driven = { ...config, recordsDriver }
    const impatient = createRecords(driven, { retryMs: 200 })
    const patient = createRecords(driven, { retryMs: 30_000 })
    onTestFinished(async () => {
      await Promise.all([impatient.close(), patient.close()])
    })
    expect(await impatient.metrics.write([newPoint()])).toBe(1)
    await postgres.kill()
    const large = { ...newPoint(), metadata: { text: 'x'.repeat(9 * 1024 * 1024) } }
    for (const work of [
      () => impatient.metrics.write([newPoint()]),
      () => impatient.metrics.write([large]),
      () => impatient.metrics.query({ limit: 1 }),
      () => impatient.conversations.record([newEvent()], []),
      () => impatient.agents.put(agent),
    ]) {
      await expect(work()).rejects.toMatchObject({ code: 'postgres.unavailable', retryAfter: 2 })
    }
    const point = newPoint()
    const waiting = patient.metrics.write([point])
    await postgres.restart()
    expect(await waiting).toBe(1)
    expect(await stored(point)).toBe(1)
    expect(await impatient.metrics.write([newPoint()])).toBe(1)
    expect(await records.metrics.write([large])).toBe(1)
  })
})

describe('an error', () => {
  it('tells neither data, nor statements, nor credentials', async () => {
    const { password } = new URL(config.databaseUrl)
    const point = { ...newPoint(), metric_type: '' }
    const wrong = Object.assign(new URL(config.databaseUrl), { password: 'guess-work' }).href
    const elsewhere = Object.assign(new URL(config.databaseUrl), { port: '1' }).href
    const get = (change: Partial<RecordsConfig>) =>
      createRecords({ ...config, ...change }, { retryMs: 0 }).agents.get('a')
    type Failing = [code: string, work: () => Promise<unknown>]
    const failures: Failing[] = [
      ['request.unprocessable', () => records.metrics.write([point])],
      ['postgres.unavailable', () => get({ neonHttpEndpoint: 'http://127.0.0.1:1' })],
      ['internal', () => get({ databaseUrl: wrong })],
      ['internal', () => get({ databaseUrl: `rubbish:${password}` })],
      ['postgres.unavailable', () => get({ databaseUrl: elsewhere })],
      ...(['neon-websocket', 'pg'] as const).flatMap((recordsDriver): Failing[] => [
        ['internal', () => get({ recordsDriver, databaseUrl: wrong })],
        ['postgres.unavailable', () => get({ recordsDriver, databaseUrl: elsewhere })],
      ]),
      ['internal', () => get({ recordsDriver: 'pg', databaseUrl: `postgresql://a:${password}@[/b` })],
    ]
    for (const [code, work] of failures) {
      const error: unknown = await work().catch((thrown) => thrown)
      expect(error).toMatchObject({ code })
      const everything = inspect(error, { depth: 10, showHidden: true })
      for (const secret of [password, 'guess-work', 'do-not-tell', point.agent_name, 'INSERT', 'violates']) {
        expect(everything).not.toContain(secret)
      }
    }
  })

  it('names the column of a value that does not fit', async () => {
    await expect(records.metrics.write([{ ...newPoint(), metric_type: '' }])).rejects.toMatchObject({
      code: 'request.unprocessable',
      message: 'A value does not fit the records.',
      errors: [{ field: 'metric_type', message: 'does not fit its column' }],
    })
  })
})

describe('an answer too large for HTTP', () => {
  it('comes over a WebSocket', async () => {
    const point = newPoint()
    await records.metrics.write([point])
    neon.faults.failNext(1, 507)
    expect(await stored(point)).toBe(1)
  })
})

describe('two record stores in one process', () => {
  it('each keep to their own endpoint', async () => {
    const other = await startNeon({ postgresUrl: postgres.url })
    const second = createRecords({ ...config, neonHttpEndpoint: other.httpEndpoint }, { retryMs: 0 })
    expect(await records.agents.list({ limit: 1 })).toHaveLength(1)
    other.faults.failNext(1, 401)
    await expect(second.agents.list({ limit: 1 })).rejects.toMatchObject({ code: 'internal' })
    expect(await second.agents.list({ limit: 1 })).toHaveLength(1)
    await other.close()
  })
})
