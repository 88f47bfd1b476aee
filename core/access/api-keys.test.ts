import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { registerAgent } from './agents.ts'
import { createKey, listKeys, revokeKey, rotateKey } from './api-keys.ts'
import { authenticate } from './authenticate.ts'

let hive: TestHive

beforeAll(async () => {
  hive = await testHive({ redisRetries: 0, apiKeyCacheMs: 1 })
  await registerAgent(hive, 'ann', { endpoint: null, disabled: false })
})
afterAll(() => hive.dispose())

/** A hive for which Redis is away, over the same Postgres. */
const withoutRedis = () => {
  const away = async () => {
    throw Object.assign(new Error('away'), { code: 'redis.unavailable' })
  }
  return { ...hive, bus: { ...hive.bus, run: away } }
}

const good = (key: string) =>
  authenticate(hive, `Bearer ${key}`).then(
    () => true,
    () => false,
  )

describe('rotating a key', () => {
  it('that failed half-way ends the key everywhere when it is repeated', async () => {
    const { id, key } = await createKey(hive, { agent: 'ann', scopes: ['publish'], expires_at: null })
    await expect(rotateKey(withoutRedis(), id, { overlap_seconds: 0 })).rejects.toMatchObject({
      code: 'redis.unavailable',
    })
    expect(await good(key)).toBe(true)
    await expect(rotateKey(hive, id, { overlap_seconds: 0 })).rejects.toMatchObject({ code: 'key.ended' })
    await expect.poll(() => good(key)).toBe(false)
  })

  it('leaves an entry in the audit log when it was done, and none when it was refused', async () => {
    const { audit } = await hive.records()
    const entries = async (target: string) =>
      (await audit.query({ target, limit: 10 })).items.map(({ action }) => action)
    const { id } = await createKey(hive, { agent: 'ann', scopes: ['publish'], expires_at: null })
    const rotated = await rotateKey(hive, id, { overlap_seconds: 60 })
    await expect(rotateKey(hive, id, { overlap_seconds: 60 })).rejects.toMatchObject({ code: 'key.ended' })
    expect(await entries(id)).toEqual(['key.rotate', 'key.create'])
    await revokeKey(hive, rotated.id)
    await expect(rotateKey(hive, rotated.id, { overlap_seconds: 60 })).rejects.toMatchObject({ code: 'key.ended' })
    expect(await entries(rotated.id)).toEqual(['key.revoke'])
    await expect(rotateKey(hive, 'ffff', { overlap_seconds: 60 })).rejects.toMatchObject({ code: 'key.unknown' })
    expect(await entries('ffff')).toEqual([])
  })
})

describe('an id or a cursor that is no text of ours', () => {
  it.each(['\0', 'a\0', '\ud800', 'none', ''])('is unknown, or no cursor: %j', async (text) => {
    await expect(revokeKey(hive, text)).rejects.toMatchObject({ code: 'key.unknown' })
    await expect(rotateKey(hive, text, { overlap_seconds: 0 })).rejects.toMatchObject({ code: 'key.unknown' })
    const cursor = Buffer.from(JSON.stringify(['keys', text])).toString('base64url')
    await expect(listKeys(hive, { limit: 1, cursor })).rejects.toMatchObject({ code: 'cursor.invalid' })
  })
})
