import { http, on } from './http.ts'
import { SecurityEventQuery } from './requests/security-events.ts'

/** What looked like an attack or a fault. */
export const handler = http({
  'GET /v1/security-events': on({ query: SecurityEventQuery }, async (hive, { query }) => {
    const { securityEvents } = await hive.records()
    return { body: await securityEvents.query(query) }
  }),
})
