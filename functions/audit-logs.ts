import { http, on } from './http.ts'
import { AuditQuery } from './requests/audit-logs.ts'

/** What administrators did. */
export const handler = http({
  'GET /v1/audit-logs': on({ query: AuditQuery }, async (hive, { query }) => {
    const { audit } = await hive.records()
    return { body: await audit.query(query) }
  }),
})
