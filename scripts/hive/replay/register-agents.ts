import type { HiveClient } from '../client.ts'
import { HiveProblem } from '../problem.ts'

/**
 * Makes sure that agents exist, and leaves those that do as they are. `known` remembers names over many calls.
 * Resolves with the names that were registered now.
 */
export async function registerAgents(
  client: HiveClient,
  names: Iterable<string>,
  known: Set<string>,
): Promise<string[]> {
  const added: string[] = []
  for (const name of new Set(names)) {
    if (known.has(name)) continue
    if (!(await exists(client, name))) {
      await client.putAgent(name, {})
      added.push(name)
    }
    known.add(name)
  }
  return added
}

async function exists(client: HiveClient, name: string): Promise<boolean> {
  try {
    await client.getAgent(name)
    return true
  } catch (error) {
    if (error instanceof HiveProblem && error.code === 'agent.unknown') return false
    throw error
  }
}
