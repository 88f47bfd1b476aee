import { expect, it, onTestFinished } from 'vitest'
import { registerAgent } from '../../core/access/agents.ts'
import { createKey } from '../../core/access/api-keys.ts'
import { subscribe } from '../../core/access/subscriptions.ts'
import { auditInbox } from '../../core/bus/audit.ts'
import { testHive } from '../../test/hive.ts'
import { restoreProjection } from './restore-projection.ts'

it('brings everything to a Redis that knows nothing, and leaves one alone that knows the agents', async () => {
  const before = await testHive()
  onTestFinished(() => before.dispose())
  expect(await restoreProjection(before)).toBeUndefined()
  const names = Array.from({ length: 101 }, (_, index) => `agent-${index}`)
  for (const name of names) await registerAgent(before, name, { endpoint: null, disabled: false })
  await createKey(before, { agent: 'agent-0', scopes: ['publish'], expires_at: null })
  await subscribe(before, { topic: 'news', agent_name: 'agent-100', message_types: null })
  expect(await restoreProjection(before)).toBeUndefined()

  // the same Postgres, and nothing in Redis
  const after = await testHive()
  onTestFinished(() => after.dispose())
  after.records = before.records
  expect(await restoreProjection(after)).toEqual({ agents: 101, keys: 1, capabilities: 0, subscriptions: 1 })
  expect(await auditInbox(after, 'agent-100')).toMatchObject({ agent: 'agent-100' })
  expect(await restoreProjection(after)).toBeUndefined()
})
