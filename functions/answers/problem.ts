import * as z from 'zod'
import { type ErrorCode, errorStatus } from '../../core/errors.ts'

export const ProblemCode = z
  .enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]])
  .describe('What went wrong, for programs to read. Codes stay as they are; texts may change.')

/** The answer to every request that fails: RFC 9457. */
export const Problem = z
  .strictObject({
    type: z.string().startsWith('urn:agent-hive:error:'),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    code: ProblemCode,
    errors: z
      .array(
        z.strictObject({
          field: z
            .string()
            .describe('A dotted path into the request, such as `messages[3].to_agent`; `$` for all of its body.'),
          message: z.string(),
          code: ProblemCode.optional(),
        }),
      )
      .describe('All that is wrong with the request, at most 50 faults.'),
    request_id: z.string().describe('The same as the header x-request-id; logs have it.'),
  })
  .describe('The answer to a request that failed: RFC 9457.')
