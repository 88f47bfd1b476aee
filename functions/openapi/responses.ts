import { STATUS_CODES } from 'node:http'
import { type ErrorCode, errorStatus } from '../../core/errors.ts'
import { problemTitles } from '../problem.ts'
import { type Route, routes } from '../routes.ts'
import { componentSchemas } from './component-schemas.ts'
import { type JsonSchema, referToSchema } from './json-schemas.ts'
import { refusalsOf } from './refusals.ts'

/** `components.headers`. */
export const headers = {
  RequestId: {
    description: 'Names this request; logs have it.',
    required: true,
    schema: { type: 'string' },
  },
  RetryAfter: {
    description: 'Seconds after which to try again.',
    required: true,
    schema: { type: 'integer', minimum: 1 },
  },
  Challenge: {
    description: 'The scheme that is asked for.',
    required: true,
    schema: { type: 'string', const: 'Bearer' },
  },
  RateLimit: {
    description:
      'Requests that the API key has left, and seconds until all are free (draft-ietf-httpapi-ratelimit-headers).',
    required: false,
    schema: { type: 'string', examples: ['"publish";r=5992;t=1'] },
  },
  RateLimitPolicy: {
    description: 'Requests that the API key may make in a window of so many seconds.',
    required: false,
    schema: { type: 'string', examples: ['"publish";q=6000;w=10'] },
  },
}

export type Reference = { $ref: string }
export type Response = {
  description: string
  headers: Record<string, Reference>
  content: Record<string, { schema: JsonSchema }>
}

/** All answers that a route can give, by status. */
export function responsesOf(route: Route): Record<string, Response | Reference> {
  const { description } = componentSchemas[route.answer] ?? {}
  const successes = route.statuses.map((status) => [
    status,
    {
      description: `${STATUS_CODES[status]}. ${description}`,
      headers: headersOf(status),
      content: { 'application/json': { schema: referToSchema(route.answer) } },
    },
  ])
  const failures = [...refusalsOf(route)].map(([status, codes]) => [
    status,
    { $ref: `#/components/responses/${problemName(codes)}` },
  ])
  return Object.fromEntries([...successes, ...failures])
}

/** `components.responses`: an answer for each set of codes that some route shares a status between. */
export function problemResponses(): Record<string, Response> {
  const sets = routes.flatMap((route) => [...refusalsOf(route).values()])
  return Object.fromEntries(sets.map((codes) => [problemName(codes), problemResponse(codes)]))
}

function problemName(codes: ErrorCode[]): string {
  return codes.join('-or-')
}

function problemResponse(codes: ErrorCode[]): Response {
  const [first = 'internal'] = codes
  const status = errorStatus[first]
  return {
    description: codes.map((code) => `\`${code}\`: ${problemTitles[code]}.`).join(' '),
    headers: headersOf(status),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [referToSchema('Problem'), { properties: { status: { const: status }, code: { enum: codes } } }],
        },
      },
    },
  }
}

function headersOf(status: number): Record<string, Reference> {
  const refer = (name: keyof typeof headers) => ({ $ref: `#/components/headers/${name}` })
  return {
    'x-request-id': refer('RequestId'),
    ...(status === 401 ? {} : { ratelimit: refer('RateLimit'), 'ratelimit-policy': refer('RateLimitPolicy') }),
    ...(status === 401 ? { 'www-authenticate': refer('Challenge') } : {}),
    ...(status === 429 || status === 503 ? { 'retry-after': refer('RetryAfter') } : {}),
  }
}
