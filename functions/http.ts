import middy, { type MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import * as z from 'zod/mini'
import type { Caller } from '../core/access/caller.ts'
import { RateLimited } from '../core/access/rate-limit.ts'
import { type FieldError, HiveError } from '../core/errors.ts'
import type { Hive } from '../core/hive.ts'
import { once } from '../core/once.ts'
import { fieldErrors } from '../core/protocol/field-errors.ts'
import { parse } from '../core/protocol/parse.ts'
import { traced } from '../core/trace.ts'
import { type Answer, toResult } from './answer.ts'
import { authorize } from './authorize.ts'
import { decodeBody, decodeQuery } from './decode-request.ts'
import { errorDetails } from './error-details.ts'
import type { HiveContext, Known } from './known.ts'
import { problem } from './problem.ts'
import { rateLimitHeaders } from './rate-limit-headers.ts'
import type { RouteKey } from './routes.ts'
import { suspicious } from './suspicious.ts'
import { warmHive } from './warm.ts'

/**
 * What a route takes from its path, its query and its body; a part without a schema must be empty. Schemas are made when they are
 * used.
 */
export type InputShape = { path?: () => z.ZodMiniType; query?: () => z.ZodMiniType; body?: () => z.ZodMiniType }
export type Input<S extends InputShape> = {
  [K in keyof S]: S[K] extends () => z.ZodMiniType ? z.output<ReturnType<S[K]>> : never
}

export type HttpRequest = {
  /** Names this request in its answer, in logs and in whatever it leaves in Redis. */
  id: string
  /** Header names in lower case. */
  headers: Record<string, string | undefined>
  event: APIGatewayProxyEventV2
  caller: Caller
  /** When it came, in ms. */
  since: number
}

type Operation = { shape: InputShape; answer(hive: Hive, input: never, request: HttpRequest): Promise<Answer> }
type Result = APIGatewayProxyStructuredResultV2
type Event = APIGatewayProxyEventV2
type Stack = MiddlewareObj<Event, Result, Error, HiveContext>

/** One route's work: what it takes, and what it does with it once every part of the input is known to be right. */
export function on<const S extends InputShape>(
  shape: S,
  answer: (hive: Hive, input: Input<S>, request: HttpRequest) => Promise<Answer>,
): Operation {
  return { shape, answer }
}

/**
 * The stack of every HTTP function: request id, key, limits and scope before anything is parsed, input, work, JSON answer.
 * Whatever is thrown becomes a problem answer; what is not a HiveError is logged and answered as `internal`.
 */
export function http(operations: Partial<Record<RouteKey | '$default', Operation>>) {
  const answer = async (event: Event, context: HiveContext): Promise<Result> => {
    const operation = operations[event.routeKey as RouteKey]
    if (!operation) throw new Error(`this function does not serve ${event.routeKey}`)
    const { caller, since = 0 } = context.known ?? {}
    if (!caller) throw new Error('nobody was let in')
    const input = parseInput(operation.shape, event)
    const request = { id: requestId(event), headers: event.headers, event, caller, since }
    const hive = traced(warmHive(), { request_id: request.id })
    return toResult(await operation.answer(hive, input as never, request))
  }
  return middy<Event, Result, Error, HiveContext>(answer, { timeoutEarlyInMillis: 500, timeoutEarlyResponse: tooLate })
    .use(identified)
    .use(limited)
    .use(problems)
    .use(suspicious)
    .use(authorized)
}

const requestId = (event: Event) => event.requestContext.requestId

const identified: Stack = {
  after: ({ event, response }) => addRequestId(event, response),
  onError: ({ event, response }) => addRequestId(event, response),
}

function addRequestId(event: Event, response: Result | null | undefined): void {
  if (response) response.headers = { ...response.headers, 'x-request-id': requestId(event) }
}

/** How the caller's limit stands, on every answer to a key that has one. */
const limited: Stack = {
  after: ({ context, response }) => addLimit(context, response),
  onError: ({ context, response }) => addLimit(context, response),
}

function addLimit({ known }: HiveContext, response: Result | null | undefined): void {
  if (response && known?.limit) response.headers = { ...response.headers, ...rateLimitHeaders(known.limit) }
}

const problems: Stack = {
  onError: (request) => {
    const { event, error } = request
    request.response = toResult(problem(error, requestId(event)))
    if ((request.response.statusCode ?? 500) >= 500) report(event, error)
  },
}

function report(event: Event, error: unknown): void {
  const details = { request_id: requestId(event), route: event.routeKey, error: errorDetails(error) }
  try {
    warmHive().log.error('request failed', details)
  } catch {
    // the configuration itself is at fault, so there is no hive to log with
    console.error('request failed', details)
  }
}

const authorized: Stack = {
  before: async ({ event, context }) => {
    const known: Known = { since: warmHive().clock.now() }
    context.known = known
    const attempt = {
      routeKey: event.routeKey,
      authorization: event.headers.authorization,
      pathAgent: event.pathParameters?.agent,
    }
    await authorize(warmHive(), attempt, known)
  },
  onError: ({ context, error }) => {
    if (error instanceof RateLimited && context.known) context.known.limit = error.standing
  },
}

function tooLate(): never {
  throw new HiveError('request.timeout', 'It is not known whether the request took effect; it is safe to repeat.')
}

const nothing = once(() => z.strictObject({}))

/** Checks every part before it refuses, so that one answer names all that is wrong. */
function parseInput(shape: InputShape, event: Event): Record<string, unknown> {
  const { rawQueryString: query = '', pathParameters = {} } = event
  const given: [keyof InputShape, z.ZodMiniType, unknown][] = []
  if (shape.path) given.push(['path', shape.path(), pathParameters])
  if (shape.query || query !== '') given.push(['query', (shape.query ?? nothing)(), decodeQuery(query)])
  if (shape.body) given.push(['body', shape.body(), decodeBody(event)])
  const input: Record<string, unknown> = {}
  const errors: FieldError[] = []
  for (const [part, schema, value] of given) {
    const parsed = parse(schema, value)
    if (parsed.success) input[part] = parsed.data
    else errors.push(...fieldErrors(parsed.error))
  }
  if (errors.length > 0) throw new HiveError('request.invalid', 'The request is not valid; see errors.', { errors })
  return input
}
