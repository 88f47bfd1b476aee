import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { http, on } from '../../../functions/http.ts'
import { Anything } from '../../../functions/requests/anything.ts'
import { lambdaContext } from './lambda-context.ts'

/** Answers a request that no function has answered. The key still comes first, so that nothing is told without it. */
export function refuse(event: APIGatewayProxyEventV2, error: unknown): Promise<APIGatewayProxyStructuredResultV2> {
  const handler = http({ $default: on({ query: Anything }, () => Promise.reject(error)) })
  const { body: _, ...bodiless } = event
  return handler(
    { ...bodiless, routeKey: '$default' },
    lambdaContext('refusal', bodiless.requestContext.requestId, 1_000),
  )
}
