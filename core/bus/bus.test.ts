import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import type { HiveError } from '../errors.ts'
import { prelude } from './scripts/prelude.ts'

let hive: TestHive

beforeAll(async () => {
  hive = await testHive({ redisRetries: 0 })
})
afterAll(() => hive.dispose())

const failure = (call: Promise<unknown>): Promise<HiveError> =>
  call.then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error,
  )

const run = (source: string, args: string[] = []) =>
  hive.bus.run({ name: `test-${hive.ids.requestId()}`, source }, 'request', () => ({ keys: ['key'], args }))

describe('what Redis answers', () => {
  it.each([
    ['a script that fails', `${prelude}\nnot_there()`],
    ['a script that does not compile', '#!lua flags=allow-key-locking\nif then'],
    ['a command that does not exist', `${prelude}\nreturn redis.call('NOPE')`],
    ['a key that was not declared', `${prelude}\nreturn redis.call('GET', 'other')`],
  ])('is our fault for %s', async (_, source) => {
    expect((await failure(run(source))).code).toBe('internal')
  })

  it.each(['429', '500', 'drop-before', 'drop-after'] as const)('is unavailable for %s', async (kind) => {
    hive.upstash.faults.next(kind, 1)
    const error = await failure(run(`${prelude}\nreturn {'ok', int(now)}`))
    expect(error.code).toBe('redis.unavailable')
    expect(error.retryAfter).toBeGreaterThan(0)
  })

  it('never carries the command or its values', async () => {
    hive.upstash.faults.next('500', 1)
    const error = await failure(run(`${prelude}\nreturn {'ok', int(now)}`, ['a value nobody may see']))
    expect(JSON.stringify([error.message, String(error.cause), (error.cause as Error).stack])).not.toContain(
      'nobody may see',
    )
  })
})
