import middy, { type MiddlewareObj } from '@middy/core'
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import * as z from 'zod/mini'
import type { Hive } from '../core/hive.ts'
import { parseJson } from '../core/protocol/json.ts'
import { isJsonObject } from '../core/protocol/json-value.ts'
import { type Trace, traced } from '../core/trace.ts'
import { errorDetails } from './error-details.ts'
import { warmHive } from './warm.ts'

type Outcomes = PromiseSettledResult<void>[]

/**
 * The stack of every SQS function. Each record is worked on and settled alone; those that failed, a malformed one
 * included, are logged and reported to SQS, which gives them again and in the end moves them to the dead-letter queue.
 */
export function batch<T>(
  body: z.core.$ZodType<T>,
  work: (hive: Hive, body: T, remainingMs: () => number) => Promise<unknown>,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const settle = async (event: SQSEvent, context: Context): Promise<Outcomes> => {
    const warm = warmHive()
    return Promise.allSettled(
      event.Records.map(async (record) => {
        let hive = traced(warm, traceOf(context, undefined))
        try {
          const given = parseJson(record.body)
          hive = traced(warm, traceOf(context, given))
          await work(hive, z.parse(body, given), () => context.getRemainingTimeInMillis())
        } catch (error) {
          logFailure(hive, record, error)
          throw error
        }
      }),
    )
  }
  const handler = middy<SQSEvent, Outcomes | SQSBatchResponse>(settle, { timeoutEarlyInMillis: 0 }).use(reportFailures)
  return async (event, context) => (await handler(event, context)) as SQSBatchResponse
}

function traceOf({ awsRequestId }: Context, wake: unknown): Trace {
  const cause = isJsonObject(wake) ? wake.caused_by : undefined
  return { request_id: awsRequestId, ...(typeof cause === 'string' ? { caused_by: cause } : {}) }
}

const reportFailures: MiddlewareObj<SQSEvent, Outcomes | SQSBatchResponse> = {
  after: (request) => {
    const outcomes = request.response as Outcomes
    const batchItemFailures = request.event.Records.flatMap((record, index) => {
      const isDone = outcomes[index]?.status === 'fulfilled'
      return isDone ? [] : [{ itemIdentifier: record.messageId }]
    })
    request.response = { batchItemFailures }
  },
}

function logFailure({ log }: Hive, record: SQSRecord, error: unknown): void {
  const attempt = record.attributes.ApproximateReceiveCount
  log.error('queue record failed', {
    queue: record.eventSourceARN,
    record: record.messageId,
    attempt,
    error: errorDetails(error),
  })
}
