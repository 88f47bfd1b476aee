import { expect, it } from 'vitest'
import { parseConfig } from './config.ts'
import { createHive } from './hive.ts'

const { ids } = createHive(
  parseConfig({
    redisRestUrl: 'http://127.0.0.1:1',
    redisRestToken: 'token',
    databaseUrl: 'postgres://127.0.0.1:1/hive',
    deliverQueueUrl: 'http://127.0.0.1:1/deliver',
    historyQueueUrl: 'http://127.0.0.1:1/history',
    adminKeys: 'a key of sixteen characters',
    signingRoot: 'a root of more than thirty-two characters',
  }),
)

it.each([
  [
    'messages are UUIDs of version 7',
    ids.messageId,
    /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
  ],
  ['requests are 15 bytes', ids.requestId, /^[\w-]{20}$/],
])('ids of %s, of thousands no two the same and no part of one in another', (_, newId, shape) => {
  const made = Array.from({ length: 5_000 }, newId)
  for (const id of made) expect(id).toMatch(shape)
  // the end of each is random: it is nobody else's, also where the bytes that were drawn at once come to an end
  expect(new Set(made.map((id) => id.slice(-12))).size).toBe(made.length)
})
