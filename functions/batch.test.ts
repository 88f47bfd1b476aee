import type { Context, SQSEvent, SQSRecord } from 'aws-lambda'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { loadConfig } from '../core/config.ts'
import { createHive } from '../core/hive.ts'
import { batch } from './batch.ts'
import { setWarmHive } from './warm.ts'

const logged: { message: string; extra: object | undefined }[] = []

beforeEach(() => {
  logged.length = 0
  const note = (message: string, extra?: object) => void logged.push({ message, extra })
  const config = loadConfig({
    HIVE_REDIS_REST_URL: 'http://127.0.0.1:1',
    HIVE_REDIS_REST_TOKEN: 'token',
    HIVE_DATABASE_URL: 'postgres://127.0.0.1:1/none',
    HIVE_DELIVER_QUEUE_URL: 'http://127.0.0.1:1/deliver',
    HIVE_HISTORY_QUEUE_URL: 'http://127.0.0.1:1/history',
    HIVE_ADMIN_KEYS: 'a key of at least sixteen',
    HIVE_SIGNING_ROOT: 'a root of at least thirty-two characters',
  })
  setWarmHive(createHive(config, { log: { info: note, warn: note, error: note } }))
})
afterEach(() => setWarmHive(undefined))

const record = (messageId: string, body: string) =>
  ({
    messageId,
    body,
    eventSourceARN: 'arn:aws:sqs:us-east-1:0:deliver',
    attributes: { ApproximateReceiveCount: '1' },
  }) as SQSRecord

const event = (...bodies: string[]): SQSEvent => ({ Records: bodies.map((body, index) => record(`r${index}`, body)) })

describe('a batch of queue records', () => {
  it('settles each record alone: one that fails fails no other', async () => {
    const done: number[] = []
    const handler = batch(z.object({ n: z.number() }), async (_hive, { n }) => {
      if (n === 2) throw new Error('two is too much')
      done.push(n)
    })
    const failing = '{"n":2,"caused_by":"the publish"}'
    const answer = await handler(event('{"n":1}', failing, '{"n":3}'), { awsRequestId: 'a delivery' } as Context)
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'r1' }] })
    expect(done).toEqual([1, 3])
    expect(logged).toMatchObject([
      {
        message: 'queue record failed',
        extra: {
          ...{ record: 'r1', attempt: '1', error: { message: 'two is too much' } },
          ...{ request_id: 'a delivery', caused_by: 'the publish' },
        },
      },
    ])
  })

  it.each(['', 'not json', '{"n":"1"}', '{}', 'null'])(
    'reports the malformed record %j and does not work on it',
    async (body) => {
      const done: number[] = []
      const handler = batch(z.object({ n: z.number() }), async (_hive, { n }) => void done.push(n))
      expect(await handler(event(body, '{"n":7}'), { awsRequestId: 'a delivery' } as Context)).toEqual({
        batchItemFailures: [{ itemIdentifier: 'r0' }],
      })
      expect(done).toEqual([7])
      expect(logged).toMatchObject([{ extra: { request_id: 'a delivery' } }])
    },
  )

  it('reports nothing when all is well', async () => {
    const handler = batch(z.object({}), async () => undefined)
    expect(await handler(event('{}', '{}'), {} as Context)).toEqual({ batchItemFailures: [] })
  })
})
