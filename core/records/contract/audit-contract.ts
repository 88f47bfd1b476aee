import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AgentsRepository } from '../agents-repository.ts'
import type { AuditEntry, AuditRepository, AuditRow } from '../audit-repository.ts'
import { encodeCursor } from '../cursor.ts'

/** What every implementation of the audit repository does, over an empty database. */
export function auditContract(
  name: string,
  makeRecords: () => Promise<{ audit: AuditRepository; agents: AgentsRepository }>,
): void {
  describe(`audit log in ${name}`, () => {
    let audit: AuditRepository
    let agents: AgentsRepository
    const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({
      action: 'agent.put',
      actor: 'admin',
      target: 'worker',
      details: {},
      timestamp: '2026-03-01T00:00:00.000Z',
      event_id: randomUUID(),
      ...more,
    })

    beforeAll(async () => {
      const records = await makeRecords()
      audit = records.audit
      agents = records.agents
    })

    async function readAll(query: Omit<Parameters<AuditRepository['query']>[0], 'limit'>, limit = 4) {
      const items: AuditRow[] = []
      let cursor: string | undefined
      do {
        const page = await audit.query({ ...query, limit, cursor })
        items.push(...page.items)
        cursor = page.next_cursor ?? undefined
      } while (cursor)
      return items
    }

    it('gives back what was recorded, once however often it is recorded', async () => {
      const first = entry({
        action: 'first',
        details: { text: '\0\ud800 ü', list: [{}] },
        timestamp: '2026-03-01T00:00:00.123456Z',
      })
      const second = entry({ action: 'first', target: null })
      await audit.record([first, second, first])
      await audit.record([first])
      await audit.record([])
      const id = expect.stringMatching(/^\d+$/)
      expect(await readAll({ action: 'first' })).toEqual([
        { ...first, id },
        { ...second, id },
      ])
    })

    it('finds by actor, target, action and time, newest first', async () => {
      const all = Array.from({ length: 16 }, (_, n) =>
        entry({
          action: n % 2 ? 'find.odd' : 'find.even',
          actor: `actor-${n % 3}`,
          target: `target-${n % 4}`,
          timestamp: `2026-05-01T00:00:${String(n).padStart(2, '0')}.000Z`,
          details: { n },
        }),
      )
      await audit.record(all)
      const found = async (query: Parameters<typeof readAll>[0]) =>
        (await readAll({ from: '2026-05-01T00:00:00Z', ...query })).map(({ details }) => (details as { n: number }).n)
      const expected = (wanted: (n: number) => boolean) => all.map((_, index) => 15 - index).filter(wanted)
      expect(await found({})).toEqual(expected(() => true))
      expect(await found({ action: 'find.odd' })).toEqual(expected((n) => n % 2 === 1))
      expect(await found({ actor: 'actor-0' })).toEqual(expected((n) => n % 3 === 0))
      expect(await found({ target: 'target-3' })).toEqual(expected((n) => n % 4 === 3))
      expect(await found({ target: 'target-3', actor: 'actor-0', action: 'find.odd' })).toEqual([15, 3])
      expect(await found({ to: '2026-05-01T00:00:03Z' })).toEqual([2, 1, 0])
    })

    it('has an entry of a change if and only if there is the change', async () => {
      const worker = { name: 'audited', endpoint: null, sealed_secrets: [], disabled: false }
      const made = entry({ action: 'change', target: 'audited', details: { step: 'put' } })
      expect(await agents.put(worker, made)).toMatchObject({ created: true, agent: { version: 1 } })
      expect(await agents.put(worker, made)).toMatchObject({ created: false, agent: { version: 1 } })
      const changed = entry({ action: 'change', target: 'audited', details: { step: 'change' } })
      expect(await agents.change('audited', { disabled: true }, changed)).toMatchObject({ version: 2, disabled: true })
      expect(await agents.change('nobody', { disabled: true }, entry({ action: 'change' }))).toBeUndefined()
      await expect(agents.put({ ...worker, endpoint: '' }, entry({ action: 'change' }))).rejects.toMatchObject({
        errors: [{ field: 'endpoint' }],
      })
      await expect(agents.change('audited', { disabled: false }, entry({ action: '' }))).rejects.toMatchObject({
        errors: [{ field: 'action' }],
      })
      expect(await agents.get('audited')).toMatchObject({ version: 2, disabled: true })
      const steps = (await readAll({ action: 'change' })).map(({ details }) => (details as { step: string }).step)
      expect(steps.sort()).toEqual(['change', 'put'])
    })

    it('refuses the cursor of another list', async () => {
      const wrong = encodeCursor('security_events', '2026-03-01 00:00:00+00', '1')
      for (const cursor of ['rubbish', wrong]) {
        await expect(audit.query({ cursor, limit: 1 })).rejects.toMatchObject({ code: 'cursor.invalid' })
      }
    })
  })
}
