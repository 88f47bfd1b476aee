import { hash, timingSafeEqual } from 'node:crypto'
import { type ProjectedKey, readProjectedKey } from '../bus/key-projection.ts'
import { HiveError } from '../errors.ts'
import type { Hive } from '../hive.ts'
import { type KeyClaim, readApiKey } from './api-key.ts'
import type { Caller } from './caller.ts'
import type { Scope } from './scopes.ts'

/**
 * Tells who calls by the Authorization header (`Bearer <key>`): an admin key of the configuration, or an API key.
 * Neither touches Postgres. What was not issued here is refused without any look-up; what was costs one Redis command
 * each `apiKeyCacheMs` in each function instance, unknown keys too.
 * Throws `auth.missing` without a bearer token, `auth.invalid` for every key that is not good, whatever is wrong with
 * it, `redis.unavailable`.
 */
export async function authenticate(hive: Hive, header: string | undefined): Promise<Caller> {
  const token = /^bearer +(\S+)$/i.exec(header?.trim() ?? '')?.[1]
  if (token === undefined) throw new HiveError('auth.missing', 'Send the header Authorization: Bearer <key>.')
  const digest = digestOf(token)
  const operator = matchAdminKey(digest, hive.config.adminKeys)
  if (operator !== null) return { agent: null, scopes: ['admin'], keyId: `config:${operator + 1}` }
  const claim = claimOf(hive, token, digest)
  if (claim === null) throw new InvalidKey()
  const key = await lookUp(hive, claim.id)
  // an unknown key is compared too, so that its refusal is that of a wrong one
  const right = sameText(claim.secretHash, key?.secretHash ?? '')
  if (!right || key === null) throw new InvalidKey(claim.id)
  if (key.expiresAt !== null && key.expiresAt <= hive.clock.now()) throw new InvalidKey(claim.id)
  return { agent: key.agent, scopes: key.scopes as Scope[], keyId: claim.id }
}

/** What is answered to every key that is not good. */
export class InvalidKey extends HiveError {
  /** The id of a key that was made here once. It is for the operator: the caller is not told. */
  readonly keyId: string | undefined

  constructor(keyId?: string) {
    super('auth.invalid', 'The key is not valid: it is unknown, wrong, expired or revoked.')
    this.keyId = keyId
  }
}

/** Which admin key a token is. All of them are compared, by their digests, so that the time it takes tells nothing. */
function matchAdminKey(digest: string, adminKeys: readonly string[]): number | null {
  const given = Buffer.from(digest)
  const matches = digestsOf(adminKeys).map((known) => timingSafeEqual(given, known))
  const found = matches.indexOf(true)
  return found === -1 ? null : found
}

/** Of each configuration's admin keys: they stay the same while it is used. */
const digests = new WeakMap<readonly string[], Buffer[]>()

function digestsOf(adminKeys: readonly string[]): Buffer[] {
  const known = digests.get(adminKeys)
  if (known) return known
  const made = adminKeys.map((key) => Buffer.from(digestOf(key)))
  digests.set(adminKeys, made)
  return made
}

function sameText(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(digestOf(one)), Buffer.from(digestOf(other)))
}

/** As text, since Node takes four times as long to give the bytes. */
function digestOf(text: string): string {
  return hash('sha256', text, 'base64url')
}

/** What was not made here is not kept: there is no end of it. */
function claimOf({ access, config }: Hive, token: string, digest: string): KeyClaim | null {
  const kept = access.claims.get(digest)
  if (kept) return kept
  const claim = readApiKey(config, token)
  if (claim) access.claims.set(digest, claim)
  return claim
}

/** What Redis says of a key, as it said it at most `apiKeyCacheMs` ago. Requests that ask at the same time ask once. */
function lookUp(hive: Hive, id: string): Promise<ProjectedKey | null> {
  const { keys } = hive.access
  const now = hive.clock.now()
  const kept = keys.get(id)
  if (kept && kept.until > now) return kept.known
  const known = readProjectedKey(hive, id)
  // counted from before the question: the answer may be as old as that
  keys.set(id, { known, until: now + hive.config.apiKeyCacheMs })
  known.catch(() => keys.delete(id))
  return known
}
