import { rebuildProjection } from '../core/access/rebuild-projection.ts'
import { http, on } from './http.ts'
import { RebuildProjection } from './requests/projection.ts'

/** Brings back what Redis knows of Postgres's records. */
export const handler = http({
  'POST /v1/projection/rebuild': on({ body: RebuildProjection }, async (hive, { body }) => ({
    body: await rebuildProjection(hive, body),
  })),
})
