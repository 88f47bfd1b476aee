import { ping } from '../core/bus/ping.ts'
import { type ErrorCode, type FieldError, HiveError } from '../core/errors.ts'
import { http, on } from './http.ts'

/** Whether what the hive stands on answers. */
export const handler = http({
  'GET /v1/health': on({}, async (hive) => {
    const checks: Record<string, Promise<unknown>> = {
      redis: ping(hive),
      postgres: hive.records().then(({ agents }) => agents.list({ limit: 1 })),
    }
    const outcomes = await Promise.allSettled(Object.values(checks))
    const errors = Object.keys(checks).flatMap((part, index) => down(part, outcomes[index]))
    const [first] = errors
    if (first) throw new HiveError(first.code, first.message, { errors, retryAfter: 5 })
    return { body: { status: 'ok', stage: hive.config.stage, redis: 'ok', postgres: 'ok' } }
  }),
})

function down(part: string, outcome: PromiseSettledResult<unknown> | undefined): Required<FieldError>[] {
  if (outcome?.status !== 'rejected') return []
  const code = `${part}.unavailable` as ErrorCode
  return [{ field: part, message: `${part} does not answer`, code }]
}
