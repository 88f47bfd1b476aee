import type { Hive } from '../hive.ts'
import type { AgentRecord } from '../records/agents-repository.ts'
import { inboxKeys } from './inbox-keys.ts'
import { wakeAfter } from './receive.ts'
import { projectScript } from './scripts/project.ts'

/**
 * Brings an agent's record from Postgres, the truth, to Redis, where publish and delivery read it. Safe to repeat; an
 * older version never replaces a newer one. Raises redis.unavailable.
 */
export async function projectAgent(hive: Hive, agent: AgentRecord): Promise<void> {
  const { bus } = hive
  const requestId = hive.ids.requestId()
  const endpoint = agent.endpoint_disabled_at === null ? (agent.endpoint ?? '') : ''
  const answer = await bus.run(projectScript, requestId, (moment) => ({
    keys: inboxKeys(bus, agent.name, moment),
    args: [
      agent.name,
      String(agent.version),
      agent.disabled ? 'disabled' : 'enabled',
      endpoint,
      JSON.stringify(agent.sealed_secrets),
    ],
  }))
  await wakeAfter(hive, agent.name, requestId, 0, answer[2])
}
