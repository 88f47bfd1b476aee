import { mintApiKey } from '../../core/access/api-key.ts'
import type { Scope } from '../../core/access/scopes.ts'
import { projectKey } from '../../core/bus/key-projection.ts'
import type { Stack } from './stack.ts'

const scopes: Scope[] = ['publish', 'receive', 'metrics:write', 'records:read']

/** An agent's own key: one of an operator would make functions write to the audit log in Postgres. */
export async function agentKey({ hive }: Stack, agent: string): Promise<string> {
  const { text, id, secretHash } = mintApiKey(hive.config)
  const ends = { expires_at: null, revoked_at: null, replaces: null }
  await projectKey(hive, { id, version: 1, secret_hash: secretHash, agent, scopes, created_at: '', ...ends })
  return text
}
