import { beforeAll, describe, expect, it } from 'vitest'
import type { CapabilitiesRepository, CapabilityRow } from '../capabilities-repository.ts'
import { encodeCursor } from '../cursor.ts'
import type { Page } from '../page.ts'

/** What every implementation of the capabilities repository does, over an empty database. */
export function capabilitiesContract(
  name: string,
  makeRecords: () => Promise<{ capabilities: CapabilitiesRepository }>,
): void {
  describe(`capabilities in ${name}`, () => {
    let capabilities: CapabilitiesRepository
    const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3,6}Z$/)

    beforeAll(async () => {
      capabilities = (await makeRecords()).capabilities
    })

    async function readAll(read: (cursor: string | undefined) => Promise<Page<CapabilityRow>>) {
      const items: CapabilityRow[] = []
      let cursor: string | undefined
      do {
        const page = await read(cursor)
        items.push(...page.items)
        cursor = page.next_cursor ?? undefined
      } while (cursor)
      return items
    }
    const ofAgent = (agent: string, limit = 2) => readAll((cursor) => capabilities.byAgent(agent, { cursor, limit }))
    const best = (query: { capability?: string; min_proficiency?: number }, limit = 2) =>
      readAll((cursor) => capabilities.query({ ...query, cursor, limit }))

    it('stores what is declared, with 5 for a proficiency that is not said', async () => {
      const stored = await capabilities.declare([
        { agent_name: 'ann', capability: 'translate "de"', proficiency_level: 9, description: "it's\nü😀" },
        { agent_name: 'ann', capability: 'code' },
      ])
      const common = { id: expect.stringMatching(/^\d+$/), agent_name: 'ann', last_updated: moment }
      const code = { ...common, capability: 'code', proficiency_level: 5, description: null }
      const translate = { ...common, capability: 'translate "de"', proficiency_level: 9, description: "it's\nü😀" }
      expect(stored).toEqual([
        { ...code, created: true },
        { ...translate, created: true },
      ])
      expect(await ofAgent('ann')).toEqual([code, translate])
      expect(await ofAgent('nobody')).toEqual([])
      expect(await capabilities.declare([])).toEqual([])
    })

    it('replaces a declaration; the moment changes only with it', async () => {
      const declared = { agent_name: 'bob', capability: 'code', proficiency_level: 3, description: 'a' }
      const [first] = await capabilities.declare([declared])
      const [same] = await capabilities.declare([declared])
      expect(same).toEqual({ ...first, created: false })
      const [better] = await capabilities.declare([declared, { ...declared, proficiency_level: 4 }])
      expect(better).toMatchObject({ id: first?.id, proficiency_level: 4, description: 'a', created: false })
      expect((better?.last_updated ?? '') > (first?.last_updated ?? '')).toBe(true)
      const [bare] = await capabilities.declare([{ agent_name: 'bob', capability: 'code' }])
      expect(bare).toMatchObject({ proficiency_level: 5, description: null })
      expect(await ofAgent('bob')).toHaveLength(1)
    })

    it('stores all or nothing, and names the column that refused', async () => {
      for (const [fault, field] of [
        [{ proficiency_level: 0 }, 'proficiency_level'],
        [{ proficiency_level: 11 }, 'proficiency_level'],
        [{ capability: '' }, 'capability'],
        [{ description: 'x'.repeat(10_001) }, 'description'],
      ] as const) {
        const declarations = [
          { agent_name: 'carl', capability: 'good' },
          { agent_name: 'carl', capability: 'bad', ...fault },
        ]
        await expect(capabilities.declare(declarations)).rejects.toMatchObject({
          code: 'request.unprocessable',
          errors: [{ field }],
        })
      }
      expect(await ofAgent('carl')).toEqual([])
    })

    it('takes back what was declared, once, and only of the agent', async () => {
      await capabilities.declare(
        ['dan', 'eve'].flatMap((agent_name) => ['x', 'y', 'z'].map((capability) => ({ agent_name, capability }))),
      )
      expect(await capabilities.withdraw('dan', ['x', 'y', 'never'])).toBe(2)
      expect(await capabilities.withdraw('dan', ['x'])).toBe(0)
      expect((await ofAgent('dan')).map(({ capability }) => capability)).toEqual(['z'])
      expect(await ofAgent('eve')).toHaveLength(3)
    })

    it('finds who can do something, the most proficient first, then by name', async () => {
      const levels = { p1: 7, p2: 10, P3: 7, p4: 1, p5: 7, p6: 10 }
      await capabilities.declare(
        Object.entries(levels).map(([agent_name, proficiency_level]) => ({
          agent_name,
          capability: 'plan',
          proficiency_level,
        })),
      )
      await capabilities.declare([{ agent_name: 'p1', capability: 'planning', proficiency_level: 10 }])
      const names = async (query: Parameters<typeof best>[0], limit?: number) =>
        (await best(query, limit)).map(({ agent_name }) => agent_name)
      for (const limit of [1, 2, 100]) {
        expect(await names({ capability: 'plan' }, limit)).toEqual(['p2', 'p6', 'P3', 'p1', 'p5', 'p4'])
        expect(await names({ capability: 'plan', min_proficiency: 7 }, limit)).toEqual(['p2', 'p6', 'P3', 'p1', 'p5'])
      }
      expect(await names({ capability: 'nothing' })).toEqual([])
      expect(await names({ capability: 'plan', min_proficiency: 11 })).toEqual([])
    })

    it('lists all capabilities, each with its best first', async () => {
      const all = await best({}, 3)
      expect(all).toHaveLength((await capabilities.query({ limit: 1_000 })).items.length)
      const order = [...all].sort(
        (a, b) =>
          Buffer.compare(Buffer.from(a.capability), Buffer.from(b.capability)) ||
          b.proficiency_level - a.proficiency_level ||
          Buffer.compare(Buffer.from(a.agent_name), Buffer.from(b.agent_name)),
      )
      expect(all).toEqual(order)
    })

    it('loses none of what many declare at the same time', async () => {
      const names = Array.from({ length: 20 }, (_, index) => `c${index}`)
      const declarations = names.map((capability) => ({ agent_name: 'many', capability }))
      await Promise.all(
        Array.from({ length: 8 }, (_, turn) =>
          capabilities.declare(turn % 2 ? declarations : declarations.toReversed()),
        ),
      )
      expect(await ofAgent('many', 7)).toHaveLength(20)
    })

    it('refuses the cursor of another list', async () => {
      const wrong = encodeCursor('metrics', 'a', '1', 'b')
      const level = encodeCursor('capabilities', 'a', '0x1', 'b')
      for (const cursor of ['rubbish', wrong, level]) {
        const refused = { code: 'cursor.invalid' }
        await expect(capabilities.query({ cursor, limit: 1 })).rejects.toMatchObject(refused)
        await expect(capabilities.byAgent('ann', { cursor, limit: 1 })).rejects.toMatchObject(refused)
      }
    })
  })
}
