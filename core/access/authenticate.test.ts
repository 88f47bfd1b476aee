import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import type { Hive } from '../hive.ts'
import { createAccessMemory } from './access-memory.ts'
import { registerAgent } from './agents.ts'
import { mintApiKey } from './api-key.ts'
import { createKey, listKeys, revokeKey, rotateKey } from './api-keys.ts'
import { authenticate } from './authenticate.ts'
import { rebuildProjection } from './rebuild-projection.ts'

const adminKeys = ['first-admin-key-0123456789', 'second-admin-key-0123456789']

let hive: TestHive
let ahead = 0
beforeAll(async () => {
  const clock = { now: () => Date.now() + ahead, sleep: async () => {} }
  hive = await testHive({ adminKeys, apiKeyCacheMs: 5_000 }, { clock })
  await registerAgent(hive, 'alice', { endpoint: null, disabled: false })
})
beforeEach(() => {
  ahead = 0
  hive.upstash.stats.reset()
})
afterAll(() => hive?.dispose())

/** Another function instance of the same stage: it remembers nothing yet. */
const instance = (): Hive => ({ ...hive, access: createAccessMemory() })
const callerOf = (who: Hive, key: string) => authenticate(who, `Bearer ${key}`)
const codeOf = async (who: Hive, key: string) => (await refusal(callerOf(who, key))).code
const makeKey = (expires_at: string | null = null) =>
  createKey(hive, { agent: 'alice', scopes: ['publish', 'receive'], expires_at })
const iso = (ms: number) => new Date(ms).toISOString()

describe('the admin keys of the configuration', () => {
  it('are each taken during a rotation, without Redis', async () => {
    for (const [index, key] of adminKeys.entries()) {
      expect(await callerOf(hive, key)).toEqual({ agent: null, scopes: ['admin'], keyId: `config:${index + 1}` })
      expect(await authenticate(hive, `BEARER  ${key} `)).toMatchObject({ scopes: ['admin'] })
    }
    expect(hive.upstash.stats.requests).toBe(0)
  })

  it.each([undefined, '', 'Bearer', 'Bearer ', `Basic ${adminKeys[0]}`, adminKeys[0], `Bearer ${adminKeys.join(' ')}`])(
    'are missing without a bearer token: %s',
    async (header) => {
      expect((await refusal(authenticate(hive, header))).code).toBe('auth.missing')
    },
  )

  it('are nobody else’s', async () => {
    const [first = ''] = adminKeys
    const wrong = [
      'wrong',
      `${first}x`,
      first.slice(0, -1),
      first.toUpperCase(),
      adminKeys.join(','),
      'x'.repeat(100_000),
    ]
    for (const key of wrong) {
      const error = await refusal(callerOf(hive, key))
      expect(error.code).toBe('auth.invalid')
      expect(error.message).not.toContain(first)
    }
    const nobody = { ...hive, config: { ...hive.config, adminKeys: [] } }
    expect(await codeOf(nobody, 'undefined')).toBe('auth.invalid')
  })
})

describe('an API key', () => {
  it('says whose it is and what it allows', async () => {
    const { key, id } = await makeKey()
    expect(await callerOf(instance(), key)).toEqual({ agent: 'alice', scopes: ['publish', 'receive'], keyId: id })
  })

  it('costs one command, and none while the instance is warm', async () => {
    const { key } = await makeKey()
    const warm = instance()
    hive.upstash.stats.reset()
    await Promise.all(Array.from({ length: 50 }, () => callerOf(warm, key)))
    await callerOf(warm, key)
    expect(hive.upstash.stats.toJSON()).toMatchObject({ billed: 1, byCommand: { GET: 1 } })
  })

  it('is refused everywhere once it is revoked and what is remembered is old', async () => {
    const { key, id } = await makeKey()
    const warm = instance()
    await callerOf(warm, key)
    await callerOf(hive, key)
    await revokeKey(hive, id)
    expect(await codeOf(hive, key)).toBe('auth.invalid')
    expect(await codeOf(instance(), key)).toBe('auth.invalid')
    ahead = 5_001
    expect(await codeOf(warm, key)).toBe('auth.invalid')
    // what was slower than the revocation brings nothing back
    await rebuildProjection(hive, { limit: 1_000 })
    expect(await codeOf(instance(), key)).toBe('auth.invalid')
  })

  it('ends on time, remembered or not', async () => {
    const { key } = await makeKey(iso(Date.now() + 60_000))
    const warm = instance()
    ahead = 59_000
    await callerOf(warm, key)
    ahead = 60_001
    expect(await codeOf(warm, key)).toBe('auth.invalid')
    expect(await codeOf(instance(), key)).toBe('auth.invalid')
  })

  it('is rotated with an overlap in which both are good', async () => {
    const first = await makeKey()
    const second = await rotateKey(hive, first.id, { overlap_seconds: 60 })
    expect(second).toMatchObject({ agent: 'alice', scopes: first.scopes, replaces: first.id, expires_at: null })
    for (const { key } of [first, second]) expect(await callerOf(instance(), key)).toMatchObject({ agent: 'alice' })
    const third = await refusal(rotateKey(hive, first.id, { overlap_seconds: 60 }))
    expect(third.code).toBe('key.ended')
    ahead = 61_000
    expect(await codeOf(instance(), first.key)).toBe('auth.invalid')
    expect(await callerOf(instance(), second.key)).toMatchObject({ agent: 'alice' })
  })

  it('is shown once, and neither text nor hash of it afterwards', async () => {
    const { key } = await makeKey()
    const secret = key.slice(-43)
    const record = (await (await hive.records()).apiKeys.list({ limit: 1_000 })).find(({ id }) => key.includes(id))
    const kept = JSON.stringify([record, await dumpKeys(hive)])
    expect(kept).not.toContain(secret)
    const shown = JSON.stringify(await listKeys(hive, { limit: 1_000 }))
    expect(shown).toContain(record?.id)
    expect(shown).not.toContain(record?.secret_hash)
  })

  it('is made for who exists, and not for a past', async () => {
    const wish = { agent: 'alice', scopes: ['publish' as const], expires_at: null }
    expect((await refusal(createKey(hive, { ...wish, agent: 'nobody' }))).code).toBe('agent.unknown')
    expect((await refusal(createKey(hive, { ...wish, agent: null }))).code).toBe('request.unprocessable')
    const past = createKey(hive, { ...wish, expires_at: iso(Date.now() - 1) })
    expect((await refusal(past)).errors).toMatchObject([{ field: 'expires_at' }])
  })
})

describe('guessing', () => {
  it('costs nothing: 10,000 bad keys are refused without a look-up', async () => {
    const { key } = await makeKey()
    const other = { ...hive.config, signingRoot: 'a root that somebody else made up himself' }
    hive.upstash.stats.reset()
    for (let n = 0; n < 10_000; n++) {
      const guesses = ['junk', mintApiKey(other).text, key.slice(0, -6) + String(n).padStart(6, '0')]
      expect(await codeOf(hive, guesses[n % 3] ?? '')).toBe('auth.invalid')
    }
    expect(hive.upstash.stats.toJSON()).toMatchObject({ billed: 0, requests: 0 })
    expect(await callerOf(hive, key)).toMatchObject({ agent: 'alice' })
  })

  it('is remembered within bounds where a key was issued and is no more', async () => {
    const who = instance()
    const gone = mintApiKey(hive.config).text
    for (let n = 0; n < 10_000; n++) expect(await codeOf(who, gone)).toBe('auth.invalid')
    expect(hive.upstash.stats.billed).toBe(1)
    // it takes the root itself to make more of these
    for (let n = 0; n < 1_500; n += 50) {
      await Promise.all(Array.from({ length: 50 }, () => codeOf(who, mintApiKey(hive.config).text)))
    }
    expect(hive.upstash.stats.billed).toBe(1_501)
    expect(who.access.keys.size).toBe(1_000)
  })

  it('is not remembered from a time when Redis was away', async () => {
    const { key } = await makeKey()
    const who = { ...instance(), config: { ...hive.config } }
    hive.upstash.faults.next('500', 1, { command: 'GET' })
    expect(await codeOf(who, key)).toBe('redis.unavailable')
    hive.upstash.faults.clear()
    expect(await callerOf(who, key)).toMatchObject({ agent: 'alice' })
  })
})

describe('rebuilding the projection', () => {
  it('brings back agents and keys after Redis has lost all, page by page, and does no harm in between', async () => {
    const { key, id } = await makeKey()
    const before = await callerOf(instance(), key)
    const lost = Object.keys(await dumpKeys(hive))
    await (await hive.bus.redis()).del(...lost)
    expect(await codeOf(instance(), key)).toBe('auth.invalid')
    // a key that was made in between is newer than the page that is under way
    await register(hive, 'bob')
    let cursor: string | null = null
    const total = { agents: 0, keys: 0 }
    do {
      const page = await rebuildProjection(hive, { limit: 2, ...(cursor === null ? {} : { cursor }) })
      expect(page.agents + page.keys).toBeLessThanOrEqual(2)
      total.agents += page.agents
      total.keys += page.keys
      cursor = page.next_cursor
    } while (cursor !== null)
    const { items } = await listKeys(hive, { limit: 1_000 })
    expect(total).toEqual({ agents: 1, keys: items.length })
    expect(await callerOf(instance(), key)).toEqual(before)
    expect(Object.keys(await dumpKeys(hive))).toContain(hive.bus.keys.apiKey(id))
    await revokeKey(hive, id)
    await rebuildProjection(hive, { limit: 1_000 })
    expect(await codeOf(instance(), key)).toBe('auth.invalid')
  })

  it('takes only cursors that it gave', async () => {
    for (const cursor of ['nonsense', Buffer.from('["projection","moons","a"]').toString('base64url')]) {
      expect((await refusal(rebuildProjection(hive, { limit: 1, cursor }))).code).toBe('cursor.invalid')
    }
  })
})
