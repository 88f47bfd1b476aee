import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { matchRoute } from '../../../functions/match-route.ts'

/**
 * The event that API Gateway (HTTP API, payload format 2.0) gives a Lambda function for a request.
 * As there: the path is decoded, the raw query is not, repeated headers and parameters are joined by commas, and a
 * body that is not text comes in base64.
 */
export function toEvent(request: IncomingMessage, body: Buffer, requestId: string, now: Date): APIGatewayProxyEventV2 {
  const method = request.method ?? 'GET'
  const [rawPath = '/', ...rest] = (request.url ?? '/').split('?')
  const rawQueryString = rest.join('?')
  const match = matchRoute(method, rawPath)
  const routeKey = match.route?.key ?? '$default'
  const headers = joinHeaders(request)
  const isBase64Encoded = body.length > 0 && !(isText(headers['content-type']) && isUtf8(body))
  const queryStringParameters = joinQuery(rawQueryString)
  return {
    version: '2.0',
    routeKey,
    rawPath: decode(rawPath),
    rawQueryString,
    ...(headers.cookie === undefined ? {} : { cookies: headers.cookie.split(/; */) }),
    headers,
    ...(queryStringParameters ? { queryStringParameters } : {}),
    ...(match.route && Object.keys(match.params).length > 0 ? { pathParameters: decodeAll(match.params) } : {}),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: headers.host ?? '127.0.0.1',
      domainPrefix: 'local',
      http: {
        method,
        path: decode(rawPath),
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey,
      stage: '$default',
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
    },
    ...(body.length === 0 ? {} : { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  }
}

function isText(contentType = ''): boolean {
  return /^(text\/|application\/(json|xml|javascript|[\w.-]+\+(json|xml)))/i.test(contentType)
}

function joinHeaders(request: IncomingMessage): Record<string, string> {
  const entries = Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(',')])
  return Object.fromEntries(entries)
}

function joinQuery(rawQueryString: string): Record<string, string> | null {
  if (rawQueryString === '') return null
  const joined = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const before = joined.get(name)
    joined.set(name, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries(joined)
}

function decodeAll(params: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, decode(value)]))
}

/** What is not valid percent-encoding is passed on as it came, for the function to refuse. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
