import type { Hive } from '../hive.ts'
import type { ApiKeyRecord } from '../records/api-keys-repository.ts'
import { projectKeyScript } from './scripts/project-key.ts'

/** What the hot path knows of a key. */
export type ProjectedKey = {
  secretHash: string
  agent: string | null
  scopes: string[]
  /** Milliseconds since the epoch; null for never. */
  expiresAt: number | null
}

/** A key that has ended leaves a mark for as long as a slower writer could still bring its older version. */
const markMs = 3_600_000

/**
 * Brings a key's record from Postgres, the truth, to Redis, where requests are checked. Safe to repeat; an older version
 * never replaces a newer one. Raises redis.unavailable.
 */
export async function projectKey(hive: Hive, key: ApiKeyRecord): Promise<void> {
  const { bus } = hive
  const revoked = key.revoked_at !== null
  const expires = key.expires_at === null ? '' : String(Date.parse(key.expires_at))
  const record = [key.version, revoked ? '' : key.secret_hash, key.agent ?? '', key.scopes.join(','), expires].join(
    '\n',
  )
  const marked = Math.floor(bus.now()) + markMs
  const ends = revoked ? String(marked) : expires === '' ? '' : String(Math.max(Number(expires), marked))
  await bus.run(projectKeyScript, hive.ids.requestId(), () => ({
    keys: [bus.keys.apiKey(key.id)],
    args: [String(key.version), record, ends],
  }))
}

/** Reads a key's projection with one command. Null for a key that is unknown or revoked; one that has expired may still be there. */
export async function readProjectedKey(hive: Hive, id: string): Promise<ProjectedKey | null> {
  const record = await hive.bus.ask((redis) => redis.get<string>(hive.bus.keys.apiKey(id)))
  const [, secretHash = '', agent = '', scopes = '', expires = ''] = record?.split('\n') ?? []
  if (secretHash === '') return null
  return {
    secretHash,
    agent: agent === '' ? null : agent,
    scopes: scopes.split(','),
    expiresAt: expires === '' ? null : Number(expires),
  }
}
