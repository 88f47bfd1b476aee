import type { AgentAnswer, HiveClient } from '../client.ts'
import { HiveProblem } from '../problem.ts'

/** Agents that a replay has met, by name; it remembers them over many files. */
export type KnownAgents = Map<string, AgentAnswer>

/**
 * Makes sure that agents exist, and leaves those that do as they are. Resolves with the names that were registered now;
 * afterwards `known` holds every one of them.
 */
export async function registerAgents(
  client: HiveClient,
  names: Iterable<string>,
  known: KnownAgents,
): Promise<string[]> {
  const added: string[] = []
  for (const name of new Set(names)) {
    if (known.has(name)) continue
    const found = await find(client, name)
    known.set(name, found ?? (await client.putAgent(name, {})))
    if (!found) added.push(name)
  }
  return added
}

async function find(client: HiveClient, name: string): Promise<AgentAnswer | undefined> {
  try {
    return await client.getAgent(name)
  } catch (error) {
    if (error instanceof HiveProblem && error.code === 'agent.unknown') return undefined
    throw error
  }
}
