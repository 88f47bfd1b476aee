import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { HiveError } from '../../../core/errors.ts'
import { routes } from '../../../functions/routes.ts'
import { lambdaContext } from './lambda-context.ts'

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>
type Outcome = { result: APIGatewayProxyStructuredResultV2 } | { refusal: unknown }

/** What Lambda takes and gives back in one invocation. */
const payloadBytes = 6 * 1024 * 1024
/** An event smaller than this fits however it is written as JSON. */
const surelyFits = payloadBytes / 6

const handlers = new Map<string, Promise<Handler>>()

/**
 * Runs the function that serves the event's route, under Lambda's limits of size and API Gateway's of time. A refusal is
 * why it was not run, or what it threw.
 */
export async function invokeFunction(event: APIGatewayProxyEventV2, timeoutMs: number): Promise<Outcome> {
  if (bytesOf(event, event.body) > payloadBytes) {
    return {
      refusal: new HiveError(
        'request.too_large',
        `the request has more than the ${payloadBytes} bytes that a function takes, all in all`,
      ),
    }
  }
  const file = routes.find((route) => route.key === event.routeKey)?.file ?? 'not-found'
  const context = lambdaContext(file, event.requestContext.requestId, timeoutMs)
  try {
    const result = await (await loadHandler(file))(event, context)
    if (bytesOf(result, result.body) > payloadBytes) throw new Error(`${file} answered more than ${payloadBytes} bytes`)
    return { result }
  } catch (refusal) {
    return { refusal }
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
