import type { ApiKeyRecord, ApiKeysRepository, NewApiKey } from '../api-keys-repository.ts'
import type { AuditEntry } from '../audit-repository.ts'
import { columns } from '../columns.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import { toIso } from '../moment.ts'
import { audited, auditedBy } from './audit.ts'

const names = columns.api_keys.map((name) => `k.${name}`).join(', ')
// the update that changes nothing makes the statement give the row when it is sent a second time
const create = `
  INSERT INTO api_keys AS k (id, agent, scopes, secret_hash, expires_at)
  VALUES ($1, $2, $3::text[], $4, $5::timestamptz)
  ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id
  RETURNING ${names}`

// two that rotate at once are kept apart by the unique index: the later one adds nothing
const rotate = `
  WITH before AS MATERIALIZED (
    SELECT * FROM api_keys o
    WHERE o.id = $1 AND o.revoked_at IS NULL AND (o.expires_at IS NULL OR o.expires_at > now())
      AND NOT EXISTS (SELECT FROM api_keys f WHERE f.replaces = o.id AND f.revoked_at IS NULL AND f.id <> $2)
    FOR UPDATE
  ), follower AS (
    INSERT INTO api_keys AS k (id, agent, scopes, secret_hash, replaces, expires_at)
    SELECT $2, agent, scopes, $3, id, coalesce($4::timestamptz, expires_at) FROM before
    ON CONFLICT DO NOTHING RETURNING ${names}
  ), replaced AS (
    UPDATE api_keys k SET
      expires_at = least(k.expires_at, now() + make_interval(secs => $5::double precision)),
      version = k.version + 1
    FROM follower WHERE k.id = follower.replaces RETURNING ${names}
  ) /* audited */
  SELECT ${names} FROM follower k UNION ALL SELECT ${names} FROM replaced k
  UNION ALL SELECT ${names} FROM api_keys k WHERE k.id = $2 AND k.replaces = $1
  UNION ALL SELECT ${names} FROM api_keys k WHERE k.id = $1 AND NOT EXISTS (SELECT FROM replaced)`

const revoke = `
  UPDATE api_keys k SET revoked_at = coalesce(k.revoked_at, now()), version = k.version + (k.revoked_at IS NULL)::int
  WHERE id = $1 RETURNING ${names}`

/** API keys in Postgres. */
export function createApiKeys(run: RunStatement): ApiKeysRepository {
  return {
    async create({ id, agent, scopes, secret_hash, expires_at }: NewApiKey, entry?: AuditEntry) {
      const [row] = await run<ApiKeyRecord>(...audited(create, [id, agent, scopes, secret_hash, expires_at], entry))
      if (!row) throw new Error('an upsert gave no row')
      return toApiKey(row)
    },
    async rotate(id, { id: followerId, secret_hash, expires_at, overlapSeconds }, entry) {
      const values = [id, followerId, secret_hash, expires_at ?? null, overlapSeconds]
      const rows = (await run<ApiKeyRecord>(...auditedBy('follower', rotate, values, entry))).map(toApiKey)
      const key = rows.find((row) => row.id === followerId)
      const replaced = rows.find((row) => row.id === id)
      return key && replaced && { key, replaced }
    },
    async revoke(id, entry) {
      const [row] = await run<ApiKeyRecord>(...audited(revoke, [id], entry))
      return row && toApiKey(row)
    },
    async get(id) {
      const [row] = await run<ApiKeyRecord>(`SELECT ${names} FROM api_keys k WHERE id = $1`, [id])
      return row && toApiKey(row)
    },
    async list({ agent, after, limit }) {
      const rows = await run<ApiKeyRecord>(
        `SELECT ${names} FROM api_keys k
         WHERE ($1::text IS NULL OR agent = $1) AND ($2::text IS NULL OR id > $2) ORDER BY id LIMIT $3::int`,
        [agent ?? null, after ?? null, limit],
      )
      return rows.map(toApiKey)
    },
  }
}

function toApiKey(row: ApiKeyRecord): ApiKeyRecord {
  const moment = (text: string) => toIso(text) ?? text
  return {
    id: row.id,
    agent: row.agent,
    scopes: row.scopes,
    secret_hash: row.secret_hash,
    replaces: row.replaces,
    created_at: moment(row.created_at),
    expires_at: row.expires_at === null ? null : moment(row.expires_at),
    revoked_at: row.revoked_at === null ? null : moment(row.revoked_at),
    version: row.version,
  }
}
