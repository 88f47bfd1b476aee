import { unknownAgent } from '../bus/agent-errors.ts'
import type { Hive } from '../hive.ts'
import type { CapabilityDeclaration, CapabilityRow } from '../records/capabilities-repository.ts'

/**
 * Declares what an agent can do, in place of what it declared of the same capability before; `created` tells whether
 * there was nothing before. Throws `agent.unknown`, `postgres.unavailable`.
 */
export async function declareCapability(
  hive: Hive,
  declaration: CapabilityDeclaration,
): Promise<{ capability: CapabilityRow; created: boolean }> {
  const { agents, capabilities } = await hive.records()
  if (!(await agents.get(declaration.agent_name))) throw unknownAgent(declaration.agent_name)
  const [stored] = await capabilities.declare([declaration])
  if (!stored) throw new Error('a declaration gave no row')
  const { created, ...capability } = stored
  return { capability, created }
}

/** Takes back what an agent declared; gives 0 if it had not. Throws `postgres.unavailable`. */
export async function withdrawCapability(hive: Hive, agent: string, capability: string): Promise<number> {
  const { capabilities } = await hive.records()
  return capabilities.withdraw(agent, [capability])
}
