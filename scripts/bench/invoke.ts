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
  return JSON.parse(await answerTo(handler, eventFor(routeKey, input))) as Record<string, unknown>
}

/** What a function's real handler answers to an event, as text. Throws for any answer but 2xx. */
export async function answerTo(handler: unknown, event: APIGatewayProxyEventV2): Promise<string> {
  const { statusCode = 500, body = '{}' } = await handle(handler, event)
  if (statusCode >= 300) throw new Error(`${event.routeKey} answered ${statusCode}: ${body}`)
  return body
}

/** The same with a key of one's own, and whatever is answered. */
export async function call(
  handler: unknown,
  routeKey: RouteKey,
  input: { path?: Record<string, string>; body: unknown; key: string },
): Promise<APIGatewayProxyStructuredResultV2> {
  return handle(handler, eventFor(routeKey, input))
}

function handle(handler: unknown, event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  return (handler as Handler)(event, lambdaContext('bench', event.requestContext.requestId, 30_000))
}

/** The event that API Gateway makes of a request. */
export function eventFor(
  routeKey: RouteKey,
  input: { path?: Record<string, string>; body: unknown; key?: string },
): APIGatewayProxyEventV2 {
  return {
    version: '2.0',
    routeKey,
    rawPath: '/',
    rawQueryString: '',
    headers: { authorization: `Bearer ${input.key ?? benchKey}`, 'content-type': 'application/json' },
    ...(input.path ? { pathParameters: input.path } : {}),
    requestContext: {
      accountId: '000000000000',
      apiId: 'bench',
      domainName: 'bench',
      domainPrefix: 'bench',
      http: { method: 'POST', path: '/', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'bench' },
      requestId: `bench-${++requests}`,
      routeKey,
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
    body: JSON.stringify(input.body),
    isBase64Encoded: false,
  }
}
