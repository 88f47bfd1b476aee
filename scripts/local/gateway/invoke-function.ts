import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { HiveError } from '../../../core/errors.ts'
import { errorDetails } from '../../../functions/error-details.ts'
import { routes } from '../../../functions/routes.ts'
import { warmHive } from '../../../functions/warm.ts'
import { lambdaContext } from './lambda-context.ts'

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>
type Outcome = { result: APIGatewayProxyStructuredResultV2 } | { refusal: HiveError }

/** What Lambda takes and gives back in one invocation. */
const payloadBytes = 6 * 1024 * 1024
/** An event smaller than this fits however it is written as JSON. */
const surelyFits = payloadBytes / 6

const handlers = new Map<string, Promise<Handler>>()

/** Runs the function that serves the event's route, under Lambda's limits of size and API Gateway's of time. */
export async function invokeFunction(event: APIGatewayProxyEventV2, timeoutMs: number): Promise<Outcome> {
  if (bytesOf(event, event.body) > payloadBytes) {
    return {
      refusal: new HiveError('request.too_large', `the request has more than ${payloadBytes} bytes as an event`),
    }
  }
  const file = routes.find((route) => route.key === event.routeKey)?.file ?? 'not-found'
  const context = lambdaContext(file, event.requestContext.requestId, timeoutMs)
  try {
    const result = await (await loadHandler(file))(event, context)
    if (bytesOf(result, result.body) > payloadBytes) throw new Error(`${file} answered more than ${payloadBytes} bytes`)
    return { result }
  } catch (error) {
    warmHive().log.error('function failed', {
      function: file,
      request_id: context.awsRequestId,
      error: errorDetails(error),
    })
    return { refusal: new HiveError('internal', '') }
  }
}

function loadHandler(file: string): Promise<Handler> {
  const loaded =
    handlers.get(file) ?? import(`../../../functions/${file}.ts`).then((module) => module.handler as Handler)
  handlers.set(file, loaded)
  return loaded
}

function bytesOf(payload: object, body = ''): number {
  return body.length < surelyFits ? 0 : Buffer.byteLength(JSON.stringify(payload))
}
