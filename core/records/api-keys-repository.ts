import type { AuditEntry } from './audit-repository.ts'

/** An API key as it is stored. Times are ISO 8601. */
export type ApiKeyRecord = {
  id: string
  /** Null: a key of an operator, not of an agent. */
  agent: string | null
  scopes: string[]
  /** Base64url of the secret's SHA-256. */
  secret_hash: string
  /** The key that this one was made to follow. */
  replaces: string | null
  created_at: string
  expires_at: string | null
  revoked_at: string | null
  /** 1, and one more with each change: the order of versions is the order of changes. */
  version: number
}

export type NewApiKey = Pick<ApiKeyRecord, 'id' | 'agent' | 'scopes' | 'secret_hash' | 'expires_at'>

/**
 * With an `entry` the change is in the audit log too, or neither is. All methods raise `postgres.unavailable`, and `request.unprocessable` for values that the columns do not take.
 */
export interface ApiKeysRepository {
  /** Adds a key. The same id again changes nothing. */
  create(key: NewApiKey, entry?: AuditEntry): Promise<ApiKeyRecord>
  /**
   * Adds a key that follows another: of the same agent and scopes, ending when that would have ended unless it is told
   * otherwise. The other one ends `overlapSeconds` from now, if it does not end earlier. Undefined, and nothing is
   * changed, when the other one has ended, or has a follower that is not revoked.
   */
  rotate(
    id: string,
    follower: { id: string; secret_hash: string; expires_at: string | undefined; overlapSeconds: number },
    entry?: AuditEntry,
  ): Promise<{ key: ApiKeyRecord; replaced: ApiKeyRecord } | undefined>
  /** Ends a key for good. Undefined if there is no such key. */
  revoke(id: string, entry?: AuditEntry): Promise<ApiKeyRecord | undefined>
  get(id: string): Promise<ApiKeyRecord | undefined>
  /** By id, in the order of code points, beginning after the id `after`; those of one agent, or all. */
  list(page: { agent?: string | undefined; after?: string | undefined; limit: number }): Promise<ApiKeyRecord[]>
}
