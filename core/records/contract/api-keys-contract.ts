import { beforeAll, describe, expect, it } from 'vitest'
import type { AgentsRepository } from '../agents-repository.ts'
import type { ApiKeysRepository } from '../api-keys-repository.ts'

/** What every implementation of the API key repository does, over an empty database. */
export function apiKeysContract(
  name: string,
  makeRecords: () => Promise<{ agents: AgentsRepository; apiKeys: ApiKeysRepository }>,
): void {
  describe(`API keys in ${name}`, () => {
    let keys: ApiKeysRepository
    const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3,6}Z$/)
    const hash = (letter: string) => letter.repeat(43)
    const key = { agent: 'worker', scopes: ['publish', 'receive'], secret_hash: hash('a'), expires_at: null }

    beforeAll(async () => {
      const records = await makeRecords()
      keys = records.apiKeys
      for (const name of ['worker', 'other']) {
        await records.agents.put({ name, endpoint: null, sealed_secrets: [], disabled: false })
      }
    })

    it('creates a key, once however often it is sent', async () => {
      expect(await keys.get('k1')).toBeUndefined()
      const made = await keys.create({ ...key, id: 'k1', expires_at: '2099-01-01T00:00:00.000Z' })
      const expected = { ...key, id: 'k1', expires_at: '2099-01-01T00:00:00.000Z' }
      expect(made).toEqual({ ...expected, replaces: null, revoked_at: null, version: 1, created_at: moment })
      expect(await keys.create({ ...key, id: 'k1', scopes: ['admin'], secret_hash: hash('z') })).toEqual(made)
      expect(await keys.get('k1')).toEqual(made)
      expect(await keys.create({ ...key, id: 'k1-operator', agent: null })).toMatchObject({ agent: null })
    })

    it('rotates: the follower has its agent and scopes, and the one before ends after the overlap', async () => {
      await keys.create({ ...key, id: 'r1' })
      const follower = { id: 'r2', secret_hash: hash('b'), expires_at: undefined, overlapSeconds: 60 }
      const rotated = await keys.rotate('r1', follower)
      expect(rotated?.key).toMatchObject({ ...key, id: 'r2', secret_hash: hash('b'), replaces: 'r1', version: 1 })
      expect(rotated?.replaced).toMatchObject({ id: 'r1', version: 2, revoked_at: null })
      const left = Date.parse(rotated?.replaced.expires_at ?? '') - Date.parse(rotated?.key.created_at ?? '')
      expect(left).toBe(60_000)
      // the same statement again, its first answer lost
      expect(await keys.rotate('r1', { ...follower, overlapSeconds: 3600 })).toEqual(rotated)
      expect(await keys.get('r1')).toEqual(rotated?.replaced)
    })

    it('keeps two live keys of a rotation at most', async () => {
      await keys.create({ ...key, id: 'm1' })
      const follower = { secret_hash: hash('b'), expires_at: undefined, overlapSeconds: 60 }
      await keys.rotate('m1', { ...follower, id: 'm2' })
      expect(await keys.rotate('m1', { ...follower, id: 'm3' })).toBeUndefined()
      expect(await keys.get('m3')).toBeUndefined()
      await keys.revoke('m2')
      expect(await keys.rotate('m1', { ...follower, id: 'm4' })).toMatchObject({ key: { id: 'm4', replaces: 'm1' } })
    })

    it('never lengthens a life by rotating, unless told to', async () => {
      const soon = new Date(Date.now() + 30_000).toISOString()
      await keys.create({ ...key, id: 'l1', expires_at: soon })
      const follower = { secret_hash: hash('b'), overlapSeconds: 3600 }
      const kept = await keys.rotate('l1', { ...follower, id: 'l2', expires_at: undefined })
      expect(kept).toMatchObject({ key: { expires_at: soon }, replaced: { expires_at: soon } })
      const told = await keys.rotate('l2', { ...follower, id: 'l3', expires_at: '2099-01-01T00:00:00.000Z' })
      expect(told).toMatchObject({ key: { expires_at: '2099-01-01T00:00:00.000Z' }, replaced: { expires_at: soon } })
    })

    it('does not rotate what has ended or never was', async () => {
      const follower = { id: 'e9', secret_hash: hash('b'), expires_at: undefined, overlapSeconds: 60 }
      await keys.create({ ...key, id: 'e1', expires_at: '2020-01-01T00:00:00.000Z' })
      await keys.create({ ...key, id: 'e2' })
      await keys.revoke('e2')
      for (const id of ['e1', 'e2', 'nothing']) expect(await keys.rotate(id, follower)).toBeUndefined()
      expect(await keys.get('e9')).toBeUndefined()
    })

    it('makes one follower when several rotate at the same time', async () => {
      await keys.create({ ...key, id: 'c1' })
      const follower = { secret_hash: hash('b'), expires_at: undefined, overlapSeconds: 60 }
      const ids = ['c2', 'c3', 'c4', 'c5']
      const results = await Promise.allSettled(ids.map((id) => keys.rotate('c1', { ...follower, id })))
      const made = results.filter((result) => result.status === 'fulfilled' && result.value !== undefined)
      expect(made).toHaveLength(1)
    })

    it('revokes once, for good', async () => {
      await keys.create({ ...key, id: 'v1' })
      const revoked = await keys.revoke('v1')
      expect(revoked).toMatchObject({ id: 'v1', version: 2, revoked_at: moment })
      expect(await keys.revoke('v1')).toEqual(revoked)
      expect(await keys.revoke('nothing')).toBeUndefined()
    })

    it('lists by id, of one agent or all', async () => {
      await keys.create({ ...key, id: 'z1', agent: 'other' })
      await keys.create({ ...key, id: 'z2', agent: 'other' })
      expect((await keys.list({ agent: 'other', limit: 10 })).map(({ id }) => id)).toEqual(['z1', 'z2'])
      expect((await keys.list({ agent: 'other', after: 'z1', limit: 10 })).map(({ id }) => id)).toEqual(['z2'])
      expect((await keys.list({ after: 'v1', limit: 1 })).map(({ id }) => id)).toEqual(['z1'])
    })

    it('refuses what the columns do not take', async () => {
      const bad = [
        { fault: { scopes: [] }, field: 'scopes' },
        { fault: { secret_hash: 'short' }, field: 'secret_hash' },
      ]
      for (const { fault, field } of bad) {
        await expect(keys.create({ ...key, id: 'bad', ...fault })).rejects.toMatchObject({
          code: 'request.unprocessable',
          errors: [{ field }],
        })
      }
      const unknown = keys.create({ ...key, id: 'bad', agent: 'nobody' })
      await expect(unknown).rejects.toMatchObject({ code: 'request.unprocessable' })
    })
  })
}
