import type { Hive } from '../../hive.ts'
import { projectMemberScript } from '../scripts/project-member.ts'
import { openRelay } from './open-relay.ts'

/**
 * Brings what an agent declared from Postgres, the truth, to Redis, where messages are routed by it; null when it declares
 * it no more. `version` was taken before the declaration was read. Sets messages going that wait for such an agent.
 * Safe to repeat. Raises redis.unavailable.
 */
export async function projectCapability(
  hive: Hive,
  input: { capability: string; agent: string; version: string; proficiency: number | null },
): Promise<void> {
  const { capability, agent, version, proficiency } = input
  const { bus } = hive
  await bus.run(projectMemberScript, hive.ids.requestId(), () => ({
    keys: [
      bus.keys.mark(`capability:${capability}`, agent),
      bus.keys.capable(capability),
      bus.keys.capable(capability),
    ],
    args: [agent, version, proficiency === null ? '0' : '1', String(proficiency ?? ''), ''],
  }))
  if (proficiency === null) return
  const relay = `capability:${capability}`
  const waits = await bus.ask((redis) => redis.hexists(bus.keys.inbox(relay), 'status'))
  if (waits === 1) await openRelay(hive, relay, { running: true })
}
