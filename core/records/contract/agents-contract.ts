import { beforeAll, describe, expect, it } from 'vitest'
import type { AgentsRepository } from '../agents-repository.ts'

/** What every implementation of the agents repository does, over an empty database. */
export function agentsContract(name: string, makeRecords: () => Promise<{ agents: AgentsRepository }>): void {
  describe(`agents in ${name}`, () => {
    let agents: AgentsRepository
    const worker = { name: 'worker', endpoint: 'https://w.example/', sealed_secrets: ['s1'], disabled: false }
    const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3,6}Z$/)

    beforeAll(async () => {
      agents = (await makeRecords()).agents
    })

    it('creates an agent', async () => {
      expect(await agents.get('worker')).toBeUndefined()
      const { agent, created } = await agents.put(worker)
      expect(created).toBe(true)
      expect(agent).toEqual({
        ...worker,
        endpoint_disabled_at: null,
        version: 1,
        created_at: moment,
        updated_at: moment,
      })
      expect(await agents.get('worker')).toEqual(agent)
    })

    it('replaces one, with a new version only for what is new', async () => {
      const again = await agents.put(worker)
      expect(again).toMatchObject({ created: false, agent: { version: 1 } })
      expect(again.agent.updated_at).toBe(again.agent.created_at)
      const { agent, created } = await agents.put({ ...worker, endpoint: null, sealed_secrets: ['s2', 's1'] })
      expect(created).toBe(false)
      expect(agent).toMatchObject({ endpoint: null, sealed_secrets: ['s2', 's1'], version: 2 })
      expect(agent.created_at).toBe(again.agent.created_at)
      expect(agent.updated_at > agent.created_at).toBe(true)
    })

    it('changes what is given and keeps the rest', async () => {
      const before = await agents.get('worker')
      const disabledAt = '2026-03-01T00:00:00.123456Z'
      const steps: [Parameters<AgentsRepository['change']>[1], object][] = [
        [{ disabled: true }, { disabled: true, version: 3 }],
        [{ disabled: true }, { version: 3 }],
        [{}, { version: 3 }],
        [{ endpoint: 'https://x.example/' }, { endpoint: 'https://x.example/', version: 4 }],
        [{ endpoint_disabled_at: disabledAt }, { endpoint_disabled_at: disabledAt, version: 5 }],
        [
          { endpoint: null, endpoint_disabled_at: null },
          { endpoint: null, endpoint_disabled_at: null, version: 6 },
        ],
        [{ sealed_secrets: [] }, { sealed_secrets: [], version: 7 }],
        [{ disabled: false }, { disabled: false, version: 8 }],
      ]
      let expected = { ...before }
      for (const [patch, differs] of steps) {
        expected = { ...expected, ...differs }
        const agent = await agents.change('worker', patch)
        expect({ ...agent, updated_at: before?.updated_at }).toEqual(expected)
      }
      expect(await agents.change('nobody', { disabled: true })).toBeUndefined()
    })

    it('enables the endpoint of an agent that is put again', async () => {
      await agents.put(worker)
      const off = await agents.change('worker', { endpoint_disabled_at: '2026-03-01T00:00:00.000Z' })
      const { agent } = await agents.put(worker)
      expect(agent).toMatchObject({ endpoint_disabled_at: null, version: (off?.version ?? 0) + 1 })
    })

    it('loses no change of concurrent ones', async () => {
      const before = await agents.get('worker')
      await Promise.all([
        agents.change('worker', { disabled: true }),
        agents.change('worker', { endpoint: 'https://y.example/' }),
        agents.change('worker', { sealed_secrets: ['a', 'b'] }),
      ])
      expect(await agents.get('worker')).toMatchObject({
        disabled: true,
        endpoint: 'https://y.example/',
        sealed_secrets: ['a', 'b'],
        version: (before?.version ?? 0) + 3,
      })
    })

    it('creates once when put by several at the same time', async () => {
      const results = await Promise.all(Array.from({ length: 5 }, () => agents.put({ ...worker, name: 'race' })))
      expect(results.filter(({ created }) => created)).toHaveLength(1)
      expect(await agents.get('race')).toMatchObject({ version: 1 })
    })

    it('refuses what the columns do not take, naming the column', async () => {
      const bad = [
        { sealed_secrets: ['1', '2', '3'], field: 'sealed_secrets' },
        { endpoint: 'x'.repeat(8193), field: 'endpoint' },
        { name: '', field: 'name' },
      ]
      for (const { field, ...fault } of bad) {
        await expect(agents.put({ ...worker, ...fault })).rejects.toMatchObject({
          code: 'request.unprocessable',
          errors: [{ field }],
        })
      }
    })

    it('lists by name in the order of code points', async () => {
      for (const name of ['list-b', 'list-B', 'list-a', 'list-Z', 'list-é']) await agents.put({ ...worker, name })
      const names = (await agents.list({ after: 'list-', limit: 4 })).map((agent) => agent.name)
      expect(names).toEqual(['list-B', 'list-Z', 'list-a', 'list-b'])
      expect((await agents.list({ after: 'list-b', limit: 1 })).map((agent) => agent.name)).toEqual(['list-é'])
      expect((await agents.list({ limit: 1 }))[0]?.name).toBe('list-B')
      expect(await agents.list({ after: 'zzz', limit: 10 })).toEqual([])
    })
  })
}
