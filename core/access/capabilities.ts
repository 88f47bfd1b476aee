import { unknownAgent } from '../bus/agent-errors.ts'
import { projectCapability } from '../bus/relay/project-capability.ts'
import { HiveError } from '../errors.ts'
import type { Hive } from '../hive.ts'
import type { CapabilityDeclaration, CapabilityRow } from '../records/capabilities-repository.ts'
import type { Page } from '../records/page.ts'
import { auditEntry } from './audit.ts'
import { listOfAgent } from './list-of-agent.ts'

/**
 * Declares what an agent can do, in place of what it declared of the same capability before; `created` tells whether
 * there was nothing before. Postgres comes first, then the projection that messages are routed by: repeating a call that
 * failed half-way heals it. `actor` is who does it for the agent, which is audited; absent for the agent itself.
 * Throws `agent.unknown`, `capability.limit`, `postgres.unavailable`, `redis.unavailable`.
 */
export async function declareCapability(
  hive: Hive,
  declaration: CapabilityDeclaration,
  actor?: string,
): Promise<{ capability: CapabilityRow; created: boolean }> {
  const { agents, capabilities } = await hive.records()
  const { agent_name, capability: name, proficiency_level } = declaration
  if (!(await agents.get(agent_name))) throw unknownAgent(agent_name)
  const most = hive.config.agentMaxCapabilities
  const details = { capability: name, proficiency_level }
  const entry = actor && auditEntry(hive, { action: 'capability.declare', actor, target: agent_name, details })
  const [stored] = await capabilities.declare([declaration], { most, entry: entry || undefined })
  if (!stored) {
    const message = `has declared ${most} capabilities already`
    throw new HiveError('capability.limit', `The agent ${message}.`, { errors: [{ field: 'agent', message }] })
  }
  await project(hive, agent_name, name)
  const { created, ...capability } = stored
  return { capability, created }
}

/** Takes back what an agent declared; gives 0 if it had not. Throws `postgres.unavailable`, `redis.unavailable`. */
export async function withdrawCapability(
  hive: Hive,
  agent: string,
  capability: string,
  actor?: string,
): Promise<number> {
  const { capabilities } = await hive.records()
  const entry =
    actor && auditEntry(hive, { action: 'capability.withdraw', actor, target: agent, details: { capability } })
  const withdrawn = await capabilities.withdraw(agent, [capability], entry || undefined)
  await project(hive, agent, capability)
  return withdrawn
}

/** A page of what an agent can do, by name. Throws `agent.unknown`, `cursor.invalid`, `postgres.unavailable`. */
export function capabilitiesOf(
  hive: Hive,
  agent: string,
  page: { limit: number; cursor?: string },
): Promise<Page<CapabilityRow>> {
  return listOfAgent(hive, agent, ({ capabilities }) => capabilities.byAgent(agent, page))
}

/** Brings a declaration, or that there is none, to the bus as Postgres has it now. */
export async function project(hive: Hive, agent: string, capability: string): Promise<void> {
  const { capabilities, subscriptions } = await hive.records()
  const version = await subscriptions.projectionVersion()
  const declared = await capabilities.get(agent, capability)
  await projectCapability(hive, { capability, agent, version, proficiency: declared?.proficiency_level ?? null })
}
