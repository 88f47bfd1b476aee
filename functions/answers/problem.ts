import * as z from 'zod'
import { type ErrorCode, errorStatus } from '../../core/errors.ts'

const code = z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]])

/** The answer to every request that fails: RFC 9457. */
export const Problem = z.strictObject({
  type: z.string().startsWith('urn:agent-hive:error:'),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  code,
  errors: z.array(z.strictObject({ field: z.string(), message: z.string(), code: code.optional() })),
  request_id: z.string(),
})
