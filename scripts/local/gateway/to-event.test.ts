import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBody } from './read-body.ts'
import { toEvent } from './to-event.ts'

const server = createServer(async (request, response) => {
  const { body } = await readBody(request)
  response.end(JSON.stringify(toEvent(request, body ?? Buffer.alloc(0), 'request-1', new Date(0))))
})
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => void server.close())

/** The event that a request becomes; headers are sent as they are, repetitions included. */
function eventOf(
  method: string,
  path: string,
  headers: [string, string][] = [],
  body: string | Buffer = '',
): Promise<APIGatewayProxyEventV2> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const raw = ['host', 'hive.test', ...headers.flat(), 'content-length', String(Buffer.byteLength(body))]
    const request = httpRequest({ port, host: '127.0.0.1', method, path, headers: raw }, async (response) => {
      const chunks = await response.toArray()
      resolve(JSON.parse(Buffer.concat(chunks).toString()))
    })
    request.on('error', reject)
    request.end(body)
  })
}

describe('the event of a request', () => {
  it('has the shape of payload format 2.0', async () => {
    const headers: [string, string][] = [
      ['Content-Type', 'application/json'],
      ['User-Agent', 'test'],
      ['Cookie', 'a=1; b=2'],
    ]
    expect(await eventOf('POST', '/v1/messages', headers, '{"ü":1}')).toEqual({
      version: '2.0',
      routeKey: 'POST /v1/messages',
      rawPath: '/v1/messages',
      rawQueryString: '',
      cookies: ['a=1', 'b=2'],
      headers: {
        host: 'hive.test',
        'content-type': 'application/json',
        'user-agent': 'test',
        cookie: 'a=1; b=2',
        'content-length': '8',
        connection: expect.any(String),
      },
      requestContext: {
        accountId: '000000000000',
        apiId: 'local',
        domainName: 'hive.test',
        domainPrefix: 'local',
        http: {
          method: 'POST',
          path: '/v1/messages',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'test',
        },
        requestId: 'request-1',
        routeKey: 'POST /v1/messages',
        stage: '$default',
        time: 'Thu, 01 Jan 1970 00:00:00 GMT',
        timeEpoch: 0,
      },
      body: '{"ü":1}',
      isBase64Encoded: false,
    })
  })

  it('decodes path parameters, once', async () => {
    const event = await eventOf('GET', '/v1/agents/a%20b%2525/dead-letters/%7B1%7D')
    expect(event.pathParameters).toEqual({ agent: 'a b%25', dead_letter_id: '{1}' })
    expect(event.rawPath).toBe('/v1/agents/a b%25/dead-letters/{1}')
    expect(event.routeKey).toBe('GET /v1/agents/{agent}/dead-letters/{dead_letter_id}')
  })

  it('keeps the query raw beside the decoded one, in which repetitions are joined', async () => {
    const event = await eventOf('GET', '/v1/metrics?limit=1&limit=2&agent_name=a%20b&bare')
    expect(event.rawQueryString).toBe('limit=1&limit=2&agent_name=a%20b&bare')
    expect(event.queryStringParameters).toEqual({ limit: '1,2', agent_name: 'a b', bare: '' })
  })

  it('joins repeated headers by commas', async () => {
    const event = await eventOf('GET', '/v1/health', [
      ['X-Tag', 'one'],
      ['x-tag', 'two'],
    ])
    expect(event.headers['x-tag']).toBe('one,two')
  })

  it.each([
    ['application/octet-stream', Buffer.from('{}')],
    ['application/x-www-form-urlencoded', Buffer.from('{}')],
    ['application/json', Buffer.from([0x22, 0xff, 0x22])],
  ])('carries a body of type %s that is not surely text in base64', async (type, body) => {
    const event = await eventOf('POST', '/v1/messages', [['content-type', type]], body)
    expect(event.isBase64Encoded).toBe(true)
    expect(Buffer.from(event.body ?? '', 'base64')).toEqual(body)
  })

  it.each(['application/json; charset=utf-8', 'application/problem+json', 'text/plain'])(
    'carries %s as text',
    async (type) => {
      const event = await eventOf('POST', '/v1/messages', [['content-type', type]], '{}')
      expect([event.isBase64Encoded, event.body]).toEqual([false, '{}'])
    },
  )

  it('has no body and the default route where there is none', async () => {
    const event = await eventOf('DELETE', '/v1/nothing')
    expect(event).not.toHaveProperty('body')
    expect(event).not.toHaveProperty('pathParameters')
    expect(event.routeKey).toBe('$default')
  })
})
