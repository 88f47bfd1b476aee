import { createKey, listKeys, revokeKey, rotateKey } from '../core/access/api-keys.ts'
import { actorOf } from '../core/access/audit.ts'
import { http, on } from './http.ts'
import { CreateKey, KeyPath, KeyQuery, RotateKey } from './requests/keys.ts'

/** API keys: making, rotating, revoking, reading them. */
export const handler = http({
  'POST /v1/keys': on({ body: CreateKey }, async (hive, { body }, { caller }) => ({
    status: 201,
    body: await createKey(hive, body, actorOf(caller)),
  })),
  'GET /v1/keys': on({ query: KeyQuery }, async (hive, { query }) => ({ body: await listKeys(hive, query) })),
  'POST /v1/keys/{key_id}/rotate': on({ path: KeyPath, body: RotateKey }, async (hive, { path, body }, { caller }) => ({
    status: 201,
    body: await rotateKey(hive, path.key_id, body, actorOf(caller)),
  })),
  'POST /v1/keys/{key_id}/revoke': on({ path: KeyPath }, async (hive, { path }, { caller }) => ({
    body: await revokeKey(hive, path.key_id, actorOf(caller)),
  })),
})
