import { randomUUID } from 'node:crypto'
import type { SQSEvent, SQSRecord } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditInboxDeeply } from '../../core/bus/audit.ts'
import { handler as audit } from '../../functions/audit.ts'
import { handler as deliver } from '../../functions/deliver.ts'
import { handler as history } from '../../functions/history.ts'
import { handler as migrateBatch } from '../../functions/migrate-batch.ts'
import { handler as retention } from '../../functions/retention.ts'
import { handler as reviveMigrations } from '../../functions/revive-migrations.ts'
import { handler as sweep } from '../../functions/sweep.ts'
import type { Cloud } from '../../scripts/local/cloud.ts'
import { lambdaContext } from '../../scripts/local/gateway/lambda-context.ts'
import { httpCaller } from '../http-call.ts'
import { createRandom, type Random } from '../random.ts'
import { testCloud } from '../test-cloud.ts'
import { mutateJson, mutateText } from './mutate-json.ts'
import { oddValue } from './odd-values.ts'

const isFull = process.env.HIVE_TEST_FULL === '1'
const seed = Number(process.env.HIVE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const events = isFull ? 2_000 : 150

let cloud: Cloud
beforeAll(async () => {
  cloud = await testCloud({ log: { info: () => {}, warn: () => {}, error: () => {} } })
  await httpCaller(cloud.url, cloud.adminKey)('PUT', '/v1/agents/builder', {})
}, 60_000)
afterAll(() => cloud?.stop())

const run = '0b9f2c1e-6a51-4c0e-9a57-3f4a3f0f8d11'
const handlers = { deliver, history, 'migrate-batch': migrateBatch } as const
const good: Record<keyof typeof handlers, object[]> = {
  deliver: [{ agent: 'builder' }, { agent: 'nobody' }, { agent: 'builder', caused_by: 'a request' }],
  history: [{ shard: 0 }, { shard: 15, caused_by: 'a request' }],
  'migrate-batch': [
    { step: 'prepare', run },
    { step: 'move', run, table: '12' },
    { step: 'roll back', run },
  ],
}

function record(body: unknown, random: Random): SQSRecord {
  const attributes = random.chance(0.9) ? { ApproximateReceiveCount: '1', SentTimestamp: '0' } : {}
  const common = {
    receiptHandle: 'r',
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    awsRegion: 'us-east-1',
  }
  const eventSourceARN = 'arn:aws:sqs:us-east-1:000000000000:queue'
  return { ...common, messageId: randomUUID(), body, attributes, eventSourceARN } as unknown as SQSRecord
}

/** A body that no wake has; what a mutation has left as good as it was is none. */
function badBody(random: Random, wake: object): unknown {
  const kind = random.int(0, 4)
  if (kind === 0) return random.pick([undefined, null, 7, {}, []])
  if (kind === 1) return mutateText(random, JSON.stringify(wake)).toString()
  if (kind === 2) return JSON.stringify(oddValue(random))
  if (kind === 3) return 'x'.repeat(random.pick([1, 262_144]))
  return JSON.stringify(mutateJson(random, wake))
}

describe(`events of every shape, seed ${seed}`, () => {
  it.each(Object.keys(handlers) as (keyof typeof handlers)[])(
    '%s does what is good among them and reports the rest, record by record',
    { timeout: 600_000 },
    async (file) => {
      const random = createRandom(seed).fork(file)
      let reported = 0
      for (let times = 0; times < events; times++) {
        const wakes = good[file]
        const whole = Array.from({ length: random.int(0, 3) }, () => record(JSON.stringify(random.pick(wakes)), random))
        const broken = Array.from({ length: random.int(0, 3) }, () =>
          record(badBody(random, random.pick(wakes)), random),
        )
        const Records = [...whole, ...broken].sort((a, b) => (a.messageId < b.messageId ? -1 : 1))
        const answer = await handlers[file]({ Records } as SQSEvent, lambdaContext(file, randomUUID(), 60_000))
        const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
        for (const { messageId } of whole) expect(failed).not.toContain(messageId)
        for (const id of failed) expect(broken.map(({ messageId }) => messageId)).toContain(id)
        reported += failed.size
      }
      expect(reported).toBeGreaterThan(events / 3)
    },
  )

  it('schedules take no notice of what starts them', async () => {
    const random = createRandom(seed).fork('schedules')
    for (let times = 0; times < (isFull ? 50 : 5); times++) {
      for (const handler of [sweep, audit, retention, reviveMigrations]) {
        expect(await handler(random.pick([undefined, null, {}, [], oddValue(random)]))).toBeTypeOf('object')
      }
    }
    expect((await auditInboxDeeply(cloud.hive, 'builder')).violations).toEqual([])
  }, 120_000)
})
