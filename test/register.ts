import { projectAgent } from '../core/bus/projection.ts'
import type { Hive } from '../core/hive.ts'
import type { AgentRecord } from '../core/records/agents-repository.ts'

/** Makes agents known to the bus, as their registration does once Postgres has them. */
export async function register(
  hive: Hive,
  names: string | string[],
  record: Partial<Omit<AgentRecord, 'name'>> = {},
): Promise<void> {
  const now = new Date().toISOString()
  for (const name of [names].flat()) {
    await projectAgent(hive, {
      name,
      endpoint: null,
      endpoint_disabled_at: null,
      sealed_secrets: [],
      disabled: false,
      version: 1,
      created_at: now,
      updated_at: now,
      ...record,
    })
  }
}
