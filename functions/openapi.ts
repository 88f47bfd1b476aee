import { http, on } from './http.ts'
import { describeApi } from './openapi/document.ts'

const document = describeApi()

/** What this API is, for programs and people who call it. */
export const handler = http({
  'GET /openapi.json': on({}, async () => ({ body: document })),
})
