import { unknownAgent } from '../bus/agent-errors.ts'
import type { Hive } from '../hive.ts'
import type { Records } from '../records/create-records.ts'
import type { Page } from '../records/page.ts'

/**
 * A page of what an agent has. Only an empty one may be of an agent that is not there, so that no other costs a second
 * question. Throws `agent.unknown`, and what reading throws.
 */
export async function listOfAgent<T>(
  hive: Hive,
  agent: string,
  read: (records: Records) => Promise<Page<T>>,
): Promise<Page<T>> {
  const records = await hive.records()
  const found = await read(records)
  if (found.items.length === 0 && !(await records.agents.get(agent))) throw unknownAgent(agent)
  return found
}
