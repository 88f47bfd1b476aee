import { http, on } from './http.ts'
import document from './openapi/document.json' with { type: 'json' }

/** What this API is, for programs and people who call it. Made beforehand: to make it takes longer than all else of a cold start. */
export const handler = http({
  'GET /openapi.json': on({}, async () => ({ body: document })),
})
