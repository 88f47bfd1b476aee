import { unknownAgent } from '../bus/agent-errors.ts'
import { projectKey } from '../bus/key-projection.ts'
import { HiveError } from '../errors.ts'
import type { Hive } from '../hive.ts'
import type { ApiKeyRecord } from '../records/api-keys-repository.ts'
import { decodeCursor, encodeCursor } from '../records/cursor.ts'
import type { Page } from '../records/page.ts'
import { mintApiKey } from './api-key.ts'
import { auditEntry, stageAdmin } from './audit.ts'
import type { Scope } from './scopes.ts'

/** What is shown of a key: neither its secret nor the hash of it. */
export type ApiKey = Omit<ApiKeyRecord, 'secret_hash' | 'version'>

/** A key as it was made, with its text: this is the only time that it is shown. */
export type NewKey = ApiKey & { key: string }

/**
 * Makes a key of an agent, or, without an agent, of an operator; an operator's has the scope `admin`. Postgres comes
 * first, then the projection that requests are checked by. A call that fails half-way leaves a key that nobody has.
 * Throws `agent.unknown`, `request.unprocessable`, `postgres.unavailable`, `redis.unavailable`.
 */
export async function createKey(
  hive: Hive,
  input: { agent: string | null; scopes: Scope[]; expires_at: string | null },
  actor = stageAdmin,
): Promise<NewKey> {
  const { agents, apiKeys } = await hive.records()
  if (input.agent === null) {
    if (!input.scopes.includes('admin')) throw unfit('agent', 'is required: only a key with the scope admin has none')
  } else if (!(await agents.get(input.agent))) throw unknownAgent(input.agent)
  if (input.expires_at !== null) checkFuture(hive, input.expires_at)
  const { text, id, secretHash } = mintApiKey(hive.config)
  const entry = auditEntry(hive, { action: 'key.create', actor, target: id, details: input })
  const key = await apiKeys.create({ ...input, id, secret_hash: secretHash }, entry)
  await projectKey(hive, key)
  return { ...shown(key), key: text }
}

/**
 * Makes a key that follows another: of the same agent and scopes, ending at `expires_at`, else when the other one would
 * have ended. The other one stays good for `overlap_seconds`, so that two are live meanwhile.
 * A call that failed half-way, repeated, ends the other one everywhere and throws `key.ended`.
 * Throws `key.unknown`, and `key.ended` for one that has ended or has a follower already.
 */
export async function rotateKey(
  hive: Hive,
  id: string,
  { overlap_seconds, expires_at }: { overlap_seconds: number; expires_at?: string },
  actor = stageAdmin,
): Promise<NewKey & { replaced: ApiKey }> {
  if (expires_at !== undefined) checkFuture(hive, expires_at)
  checkId(id)
  const { apiKeys } = await hive.records()
  const minted = mintApiKey(hive.config)
  const follower = { id: minted.id, secret_hash: minted.secretHash, expires_at, overlapSeconds: overlap_seconds }
  const details = { overlap_seconds, ...(expires_at === undefined ? {} : { expires_at }), follower: minted.id }
  const entry = auditEntry(hive, { action: 'key.rotate', actor, target: id, details })
  const rotated = await apiKeys.rotate(id, follower, entry)
  if (!rotated) {
    const key = await apiKeys.get(id)
    if (!key) throw unknownKey()
    // a rotation that failed half-way may have ended it in Postgres alone
    await projectKey(hive, key)
    throw new HiveError('key.ended', 'The key has ended, or has been rotated already: its follower can be rotated.')
  }
  // one that fails must not keep the other from being tried
  const projected = await Promise.allSettled([projectKey(hive, rotated.key), projectKey(hive, rotated.replaced)])
  for (const outcome of projected) if (outcome.status === 'rejected') throw outcome.reason
  return { ...shown(rotated.key), key: minted.text, replaced: shown(rotated.replaced) }
}

/**
 * Ends a key for good: it is refused everywhere within `apiKeyCacheMs`. Safe to repeat, which heals a call that failed
 * half-way. Throws `key.unknown`.
 */
export async function revokeKey(hive: Hive, id: string, actor = stageAdmin): Promise<ApiKey> {
  checkId(id)
  const { apiKeys } = await hive.records()
  const key = await apiKeys.revoke(id, auditEntry(hive, { action: 'key.revoke', actor, target: id }))
  if (!key) throw unknownKey()
  await projectKey(hive, key)
  // this instance knows already
  hive.access.keys.delete(id)
  return shown(key)
}

/** Lists keys by id, of one agent or all, at most `limit` of them, after the id that a cursor stands for. */
export async function listKeys(
  hive: Hive,
  { agent, limit, cursor }: { agent?: string; limit: number; cursor?: string },
): Promise<Page<ApiKey>> {
  const { apiKeys } = await hive.records()
  const after = cursor === undefined ? undefined : decodeCursor('keys', cursor, (id) => keyId.test(id))[0]
  // one more than asked for tells whether there is a next page
  const found = await apiKeys.list({ agent, after, limit: limit + 1 })
  const items = found.slice(0, limit).map(shown)
  const last = items.at(-1)
  return { items, next_cursor: found.length > limit && last ? encodeCursor('keys', last.id) : null }
}

const keyId = /^[0-9a-f]{1,64}$/

/** What no key is called is not asked for: it may be no text that Postgres takes. */
function checkId(id: string): void {
  if (!keyId.test(id)) throw unknownKey()
}

function checkFuture(hive: Hive, moment: string): void {
  if (Date.parse(moment) <= hive.clock.now()) throw unfit('expires_at', 'must be in the future')
}

function unfit(field: string, message: string): HiveError {
  return new HiveError('request.unprocessable', `${field} ${message}.`, { errors: [{ field, message }] })
}

function unknownKey(): HiveError {
  return new HiveError('key.unknown', 'No key has this id.')
}

function shown({ secret_hash: _, version: __, ...key }: ApiKeyRecord): ApiKey {
  return key
}
