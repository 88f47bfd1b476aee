import { actorOf, audit } from '../core/access/audit.ts'
import { rebuildProjection } from '../core/access/rebuild-projection.ts'
import { http, on } from './http.ts'
import { RebuildProjection } from './requests/projection.ts'

/** Brings back what Redis knows of Postgres's records. */
export const handler = http({
  'POST /v1/projection/rebuild': on({ body: RebuildProjection }, async (hive, { body }, { caller }) => {
    await audit(hive, { action: 'projection.rebuild', actor: actorOf(caller), target: null, details: body })
    return { body: await rebuildProjection(hive, body) }
  }),
})
