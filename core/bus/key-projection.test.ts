import { afterAll, beforeAll, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import type { ApiKeyRecord } from '../records/api-keys-repository.ts'
import { projectKey, readProjectedKey } from './key-projection.ts'

let hive: TestHive
beforeAll(async () => {
  hive = await testHive()
})
afterAll(() => hive?.dispose())

const record: ApiKeyRecord = {
  id: '0a',
  agent: 'an agent+1',
  scopes: ['publish', 'metrics:write'],
  secret_hash: 'h'.repeat(43),
  replaces: null,
  created_at: '2026-01-01T00:00:00.000Z',
  expires_at: null,
  revoked_at: null,
  version: 1,
}
const endsIn = async (id: string) => (await hive.bus.redis()).pttl(hive.bus.keys.apiKey(id))
const iso = (ms: number) => new Date(ms).toISOString()

it('a key is read back as it was written, and an unknown one not at all', async () => {
  await projectKey(hive, record)
  const { secret_hash: secretHash, agent, scopes } = record
  expect(await readProjectedKey(hive, record.id)).toEqual({ secretHash, agent, scopes, expiresAt: null })
  expect(await readProjectedKey(hive, '0b')).toBeNull()
  const operator = { ...record, id: '0c', agent: null, expires_at: iso(Date.now() + 60_000) }
  await projectKey(hive, operator)
  expect(await readProjectedKey(hive, '0c')).toMatchObject({ agent: null, expiresAt: Date.parse(operator.expires_at) })
})

it('a newer version is never replaced by an older one', async () => {
  const ended = { ...record, id: '1a', version: 2, revoked_at: iso(Date.now()) }
  await projectKey(hive, ended)
  await projectKey(hive, { ...record, id: '1a' })
  expect(await readProjectedKey(hive, '1a')).toBeNull()
  for (const version of [9, 10, 9]) await projectKey(hive, { ...record, id: '1b', version, agent: `v${version}` })
  expect(await readProjectedKey(hive, '1b')).toMatchObject({ agent: 'v10' })
})

it('nothing outlives its key but its mark, for an hour', async () => {
  expect(await endsIn('0a')).toBe(-1)
  const day = 86_400_000
  await projectKey(hive, { ...record, id: '2a', expires_at: iso(Date.now() + day) })
  expect(await endsIn('2a')).toBeLessThanOrEqual(day)
  expect(await endsIn('2a')).toBeGreaterThan(day - 60_000)
  const endings = [
    { expires_at: iso(Date.now() + 60_000) },
    { expires_at: iso(Date.now() - 1) },
    { revoked_at: iso(Date.now()) },
  ]
  for (const [i, ending] of endings.entries()) {
    await projectKey(hive, { ...record, id: `2b${i}`, ...ending })
    expect(await endsIn(`2b${i}`)).toBeLessThanOrEqual(3_600_000)
    expect(await endsIn(`2b${i}`)).toBeGreaterThan(3_500_000)
  }
})

it('an expired key is not brought back by an older version of it, which had no end', async () => {
  const ended = { ...record, id: '3a', version: 2, expires_at: iso(Date.now() - 1) }
  await projectKey(hive, ended)
  await projectKey(hive, { ...record, id: '3a' })
  expect(await readProjectedKey(hive, '3a')).toMatchObject({ expiresAt: Date.parse(ended.expires_at) })
})
