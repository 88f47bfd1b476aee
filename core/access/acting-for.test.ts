import { describe, expect, it, onTestFinished } from 'vitest'
import { testHive } from '../../test/hive.ts'
import { HiveError } from '../errors.ts'
import { noteActing } from './acting-for.ts'
import type { Caller } from './caller.ts'

const operator: Caller = { agent: null, scopes: ['admin'], keyId: 'config:2' }

async function start() {
  let now = Date.now()
  const clock = { now: () => now, sleep: () => new Promise<void>(() => {}) }
  const hive = await testHive({}, { clock })
  onTestFinished(() => hive.dispose())
  const entries = async () => {
    const { audit } = await hive.records()
    const { items } = await audit.query({ limit: 100 })
    return items.reverse().map(({ action, actor, target, details }) => ({ action, actor, target, details }))
  }
  return { hive, entries, nextMinute: () => (now += 60_000) }
}

describe('what operators do for agents on the hot path', () => {
  it('is audited once a minute for each kind and agent, and the next entry tells how often it was not', async () => {
    const { hive, entries, nextMinute } = await start()
    for (let i = 0; i < 3; i++) await noteActing(hive, operator, 'message.publish', ['ann', 'bob', 'ann'])
    await noteActing(hive, operator, 'metrics.write', ['ann'])
    const common = { actor: 'config:2', details: {} }
    expect(await entries()).toEqual([
      { ...common, action: 'message.publish', target: 'ann' },
      { ...common, action: 'message.publish', target: 'bob' },
      { ...common, action: 'metrics.write', target: 'ann' },
    ])
    nextMinute()
    await noteActing(hive, operator, 'message.publish', ['bob'])
    expect((await entries()).at(-1)).toEqual({
      ...{ action: 'message.publish', actor: 'config:2', target: 'bob' },
      details: { unrecorded: 4 },
    })
  })

  it('names at most twenty agents a minute', async () => {
    const { hive, entries } = await start()
    const agents = Array.from({ length: 100 }, (_, i) => `agent ${i}`)
    await noteActing(hive, operator, 'message.publish', agents)
    expect(await entries()).toHaveLength(20)
  })

  it('is nothing when an agent acts for itself', async () => {
    const { hive, entries } = await start()
    await noteActing(hive, { agent: 'ann', scopes: ['publish'], keyId: '1' }, 'message.publish', ['ann'])
    await noteActing(hive, { agent: 'ann', scopes: ['admin'], keyId: '2' }, 'message.publish', ['ann'])
    expect(await entries()).toEqual([])
  })

  it('goes on while Postgres is away', async () => {
    const { hive } = await start()
    hive.records = async () => {
      throw new HiveError('postgres.unavailable', 'away')
    }
    await expect(noteActing(hive, operator, 'inbox.receive', ['ann'])).resolves.toBeUndefined()
  })
})
