import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { RouteKey } from '../../functions/routes.ts'
import { lambdaContext } from '../local/gateway/lambda-context.ts'
import { benchKey } from './stack.ts'

type Handler = (
  event: APIGatewayProxyEventV2,
  context: ReturnType<typeof lambdaContext>,
) => Promise<APIGatewayProxyStructuredResultV2>

let requests = 0

/** Calls a function's real handler with the event that API Gateway would give it. Throws for any answer but 2xx. */
export async function invoke(
  handler: unknown,
  routeKey: RouteKey,
  input: { path?: Record<string, string>; body: unknown },
): Promise<Record<string, unknown>> {
  const result = await call(handler, routeKey, { ...input, key: benchKey })
  if ((result.statusCode ?? 500) >= 300) throw new Error(`${routeKey} answered ${result.statusCode}: ${result.body}`)
  return JSON.parse(result.body ?? '{}') as Record<string, unknown>
}

/** The same with a key of one's own, and whatever is answered. */
export async function call(
  handler: unknown,
  routeKey: RouteKey,
  input: { path?: Record<string, string>; body: unknown; key: string },
): Promise<APIGatewayProxyStructuredResultV2> {
  const requestId = `bench-${++requests}`
  const event: APIGatewayProxyEventV2 = {
    version: '2.0',
    routeKey,
    rawPath: '/',
    rawQueryString: '',
    headers: { authorization: `Bearer ${input.key}`, 'content-type': 'application/json' },
    ...(input.path ? { pathParameters: input.path } : {}),
    requestContext: {
      accountId: '000000000000',
      apiId: 'bench',
      domainName: 'bench',
      domainPrefix: 'bench',
      http: { method: 'POST', path: '/', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'bench' },
      requestId,
      routeKey,
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
    body: JSON.stringify(input.body),
    isBase64Encoded: false,
  }
  return (handler as Handler)(event, lambdaContext('bench', requestId, 30_000))
}
