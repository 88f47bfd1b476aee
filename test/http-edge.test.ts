import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { registerAgent } from '../core/access/agents.ts'
import type { ErrorCode } from '../core/errors.ts'
import { routes } from '../functions/routes.ts'
import { setWarmHive } from '../functions/warm.ts'
import { type Gateway, startGateway } from '../scripts/local/gateway/start-gateway.ts'
import { dumpKeys } from './dump-keys.ts'
import { type TestHive, testHive } from './hive.ts'
import { expectProblem, type HttpCall, httpCaller } from './http-call.ts'

const adminKey = 'an-admin-key-of-these-tests'
const message = { from_agent: 'alice', to_agent: 'bob', message_type: 'greeting', body: { text: 'hi' } }
/** The same as older senders write it, without its recipient. */
const older = { source_agent: 'alice', type: 'greeting', payload: { text: 'hi' } }
const point = { agent_name: 'alice', metric_type: 'latency', value: 1, timestamp: '2026-01-01T00:00:00Z' }
/** In UTC it is in the year 10000. */
const tooLate = '9999-12-31T23:59:59-14:59'
const mebibyte = 1024 * 1024

let hive: TestHive
let gateway: Gateway
let call: HttpCall
let before: object

beforeAll(async () => {
  hive = await testHive({ adminKeys: [adminKey] })
  setWarmHive(hive)
  gateway = await startGateway({ port: 0 })
  call = httpCaller(gateway.url, adminKey)
  for (const name of ['alice', 'bob', 'an agent+1'])
    await registerAgent(hive, name, { endpoint: null, disabled: false })
  await registerAgent(hive, 'off', { endpoint: null, disabled: true })
})
beforeEach(async () => {
  before = await everythingWritten()
})
afterAll(async () => {
  await gateway?.stop()
  setWarmHive(undefined)
  await hive?.dispose()
})

/** All that this hive has stored: what Redis holds, every agent and every metric. */
async function everythingWritten(): Promise<object> {
  const records = await hive.records()
  const agents = await records.agents.list({ limit: 100 })
  const metrics = await records.metrics.query({ limit: 100 })
  return { redis: await dumpKeys(hive), agents, metrics }
}

async function expectNothingWritten(): Promise<void> {
  expect(await everythingWritten()).toEqual(before)
}

describe('the admin key', () => {
  const refused = [
    ['no key', {}, 'auth.missing'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'auth.missing'],
    ['a key with spaces', { authorization: 'Bearer with spaces in it' }, 'auth.missing'],
    ['a wrong key', { authorization: 'Bearer wrong' }, 'auth.invalid'],
  ] as const

  it.each(refused)('refuses %s on every route before anything else is looked at', async (_name, headers, code) => {
    for (const { method, path } of routes) {
      const answer = await call(method, path.replaceAll(/[{}]/g, ''), method === 'GET' ? undefined : '{not json', {
        key: null,
        headers,
      })
      expectProblem(answer, 401, code)
    }
    await expectNothingWritten()
  })

  it('is asked for before the caller learns which routes exist and how large a body may be', async () => {
    const none = { key: null }
    expectProblem(await call('GET', '/v1/nothing', undefined, none), 401, 'auth.missing')
    expectProblem(await call('DELETE', '/v1/agents/alice', undefined, none), 401, 'auth.missing')
    expectProblem(await call('GET', '/v1/agents/%ZZ', undefined, none), 401, 'auth.missing')
    for (const size of [5, 7, 11]) {
      expectProblem(await call('POST', '/v1/messages', 'x'.repeat(size * mebibyte), none), 401, 'auth.missing')
    }
  })
})

describe('routes', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/v1'],
    ['POST', '/v2/messages'],
    ['GET', '/v1/agents/alice/outbox'],
    ['GET', '/v1/agents/'],
  ])('answers %s %s with 404', async (method, path) => {
    expectProblem(await call(method, path), 404, 'route.unknown')
  })

  it.each([
    ['DELETE', '/v1/agents/alice', 'GET, PATCH, PUT'],
    ['GET', '/v1/messages', 'POST'],
    ['PUT', '/v1/health', 'GET'],
    ['GET', '/v1/agents/alice/inbox/receive', 'POST'],
    ['OPTIONS', '/v1/metrics', 'GET, POST'],
  ])('answers %s %s with 405 and the methods that it has', async (method, path, allow) => {
    const answer = await call(method, path)
    expectProblem(answer, 405, 'route.method')
    expect(answer.headers.get('allow')).toBe(allow)
  })
})

describe('a body', () => {
  const invalid: [string, string | Uint8Array, string[]][] = [
    ['that ends too early', '{"from_agent":', []],
    ['with a comment', '{} // nothing', []],
    ['with a key given twice', '{"from_agent":"alice","from_agent":"bob"}', ['from_agent']],
    ['with an integer beyond 2^53', '{"body":{"n":9007199254740993}}', ['body.n']],
    ['with a lone surrogate', '{"body":{"text":"\\ud800"}}', ['body.text']],
    ['that is not UTF-8', Buffer.from('{"body":{"text":"ü"}}', 'latin1'), []],
    ['that is compressed', gzipSync(JSON.stringify(message)), []],
  ]
  it.each(invalid)('%s is refused as JSON', async (_name, body, fields) => {
    expectProblem(await call('POST', '/v1/messages', body), 400, 'request.invalid_json', fields)
    await expectNothingWritten()
  })

  it.each([
    ['a list', '[]'],
    ['text', '"hello"'],
    ['null', 'null'],
    ['a number', '7'],
  ])('that is %s is refused by every route', async (_name, body) => {
    for (const { method, path } of routes.filter((route) => route.request !== null)) {
      const answer = await call(method, path.replace('{agent}', 'alice').replaceAll(/[{}]/g, ''), body)
      expect([answer.status, path]).toEqual([400, path])
      expect((answer.body as { code: string }).code).toBe('request.invalid')
    }
    await expectNothingWritten()
  })

  it.each([
    ['over 4 MiB', 4 * mebibyte + 1],
    ['that makes an event of over 6 MB', 7 * mebibyte],
    ['over what a gateway takes', 11 * mebibyte],
  ])('%s is refused with 413', async (_name, bytes) => {
    const body = JSON.stringify({ ...message, body: { text: 'x'.repeat(bytes) } })
    for (const path of ['/v1/messages', '/v1/metrics', '/v1/agents/alice/inbox/settle']) {
      expectProblem(await call('POST', path, body), 413, 'request.too_large')
    }
    await expectNothingWritten()
  })

  it('is taken in base64, as a gateway passes on what it does not know for text', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await call('POST', '/v1/messages', message, { headers })
    expect(answer).toMatchObject({ status: 202, body: { to_agent: 'bob' } })
  })
})

type Refusal = [method: string, path: string, body: unknown, status: number, code: ErrorCode, fields: string[]]
const receipts = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}.1`)
const inbox = '/v1/agents/bob/inbox'
const letters = '/v1/agents/bob/dead-letters'
const day = '2026-01-01T00%3A00%3A00Z'

const refusals: Record<string, Refusal[]> = {
  publish: [
    ['POST', '/v1/messages', {}, 400, 'request.invalid', ['from_agent', 'to_agent', 'message_type', 'body']],
    [
      'POST',
      '/v1/messages',
      { ...message, to_agent: 7, priority: 'SOON', ttl: 'long', surprise: 1, another: 2 },
      400,
      'request.invalid',
      ['to_agent', 'priority', 'ttl', 'surprise', 'another'],
    ],
    ['POST', '/v1/messages', { ...message, version: 99 }, 400, 'version.unknown', ['version']],
    ['POST', '/v1/messages', { ...message, to_agent: 'nobody' }, 404, 'agent.unknown', ['to_agent']],
    ['POST', '/v1/messages', { ...message, to_agent: 'off' }, 409, 'agent.disabled', ['to_agent']],
    [
      'POST',
      '/v1/messages',
      { ...message, ttl: 10, delivery_options: { delay_seconds: 10 } },
      422,
      'request.unprocessable',
      ['delivery_options.delay_seconds'],
    ],
    ['POST', '/v1/messages', { ...message, body: { text: 'x'.repeat(300_000) } }, 413, 'request.too_large', ['body']],
    ['POST', '/v1/messages?dry_run=1', message, 400, 'request.invalid', ['dry_run']],
    ['POST', '/v1/messages/batch', {}, 400, 'request.invalid', ['messages']],
    ['POST', '/v1/messages/batch', { messages: [] }, 400, 'request.invalid', ['messages']],
    ['POST', '/v1/messages/batch', { messages: Array(101).fill(message) }, 400, 'request.invalid', ['messages']],
    [
      'POST',
      '/v1/messages/batch',
      { messages: [message, { ...message, ttl: 'long' }, 7, { ...message, body: [] }], atomic: true },
      400,
      'request.invalid',
      ['atomic'],
    ],
    [
      'POST',
      '/v1/messages/batch',
      { messages: [message, { ...message, ttl: 'long' }, 7, { ...message, body: [] }] },
      400,
      'request.invalid',
      ['messages[1].ttl', 'messages[2]', 'messages[3].body'],
    ],
    [
      'POST',
      '/v1/messages/batch',
      { messages: [message, { ...message, to_agent: 'nobody' }] },
      404,
      'agent.unknown',
      ['messages[1].to_agent'],
    ],
    ['POST', '/v1/messages', { ...older, target_agent: 'nobody' }, 404, 'agent.unknown', ['target_agent']],
    ['POST', '/v1/messages', { ...older, target_agent: 'off' }, 409, 'agent.disabled', ['target_agent']],
    [
      'POST',
      '/v1/messages/batch',
      { messages: [message, { ...older, target_agent: 'capability:fly' }] },
      409,
      'capability.unavailable',
      ['messages[1].target_agent'],
    ],
  ],
  status: [
    ['GET', '/v1/messages/none', undefined, 400, 'request.invalid', ['from_agent']],
    ['GET', '/v1/messages/none?from_agent=alice', undefined, 404, 'message.unknown', []],
    [
      'GET',
      '/v1/messages/a%00b?from_agent=a%2Fb&x=1',
      undefined,
      400,
      'request.invalid',
      ['message_id', 'from_agent', 'x'],
    ],
  ],
  receive: [
    ['POST', '/v1/agents/nobody/inbox/receive', {}, 404, 'agent.unknown', ['agent']],
    [
      'POST',
      `${inbox}/receive`,
      { max: 101, wait_seconds: 21, lease_seconds: 0, correlation_id: '', limit: 1 },
      400,
      'request.invalid',
      ['max', 'lease_seconds', 'wait_seconds', 'correlation_id', 'limit'],
    ],
    ['GET', '/v1/agents/nobody/inbox', undefined, 404, 'agent.unknown', ['agent']],
    ['GET', '/v1/agents/a%2Fb/inbox', undefined, 400, 'request.invalid', ['agent']],
    ['GET', '/v1/agents/%ZZ/inbox', undefined, 400, 'request.invalid', ['agent']],
    ['GET', '/v1/agents/%FF/inbox', undefined, 400, 'request.invalid', ['agent']],
    ['PUT', '/v1/topics/%zz/subscribers/%zz', {}, 400, 'request.invalid', ['topic', 'agent']],
    ['GET', '/v1/%zz', undefined, 400, 'request.invalid', []],
  ],
  settle: [
    ['POST', '/v1/agents/nobody/inbox/settle', { acks: ['1.1'] }, 404, 'agent.unknown', ['agent']],
    ['POST', '/v1/agents/nobody/inbox/settle', { acks: ['no receipt'] }, 404, 'agent.unknown', ['agent']],
    ['POST', `${inbox}/settle`, {}, 400, 'request.invalid', ['acks']],
    ['POST', `${inbox}/settle`, { acks: receipts(101) }, 400, 'request.invalid', ['acks']],
    [
      'POST',
      `${inbox}/settle`,
      {
        acks: receipts(60),
        nacks: receipts(101)
          .slice(60)
          .map((receipt) => ({ receipt })),
      },
      400,
      'request.invalid',
      ['acks'],
    ],
    [
      'POST',
      `${inbox}/settle`,
      { acks: ['1.1', '1.1'], nacks: [{ receipt: '1.1' }], extensions: [{ receipt: '1.1', lease_seconds: 1 }] },
      400,
      'request.invalid',
      ['acks[1]', 'nacks[0].receipt', 'extensions[0].receipt'],
    ],
    [
      'POST',
      `${inbox}/settle`,
      { acks: [1], nacks: [{ receipt: '1.1', delay_seconds: -1, why: '' }], extensions: [{ receipt: '2.1' }] },
      400,
      'request.invalid',
      ['acks[0]', 'nacks[0].delay_seconds', 'nacks[0].why', 'extensions[0].lease_seconds'],
    ],
    [
      'POST',
      `${inbox}/settle`,
      { acks: ['17.1', 'no receipt'], nacks: [{ receipt: '18.1' }] },
      409,
      'receipt.stale',
      ['acks[0]', 'acks[1]', 'nacks[0].receipt'],
    ],
  ],
  'dead letters': [
    ['GET', '/v1/agents/nobody/dead-letters', undefined, 404, 'agent.unknown', ['agent']],
    ['GET', `${letters}?limit=0`, undefined, 400, 'request.invalid', ['limit']],
    ['GET', `${letters}?limit=ten&page=2`, undefined, 400, 'request.invalid', ['limit', 'page']],
    ['GET', `${letters}?limit=1e2`, undefined, 400, 'request.invalid', ['limit']],
    ['GET', `${letters}?limit=%20%205`, undefined, 400, 'request.invalid', ['limit']],
    ['GET', `${letters}?cursor=nonsense`, undefined, 400, 'cursor.invalid', ['cursor']],
    ['GET', `${letters}/17`, undefined, 404, 'dead_letter.unknown', []],
    ['POST', `${letters}/redrive`, {}, 400, 'request.invalid', ['ids']],
    ['POST', `${letters}/redrive`, [], 400, 'request.invalid', ['$']],
    [
      'POST',
      `${letters}/redrive`,
      { ids: ['1', '', 7], some: true },
      400,
      'request.invalid',
      ['ids[1]', 'ids[2]', 'some'],
    ],
    ['POST', `${letters}/discard`, { ids: ['1'], all: true }, 400, 'request.invalid', ['all']],
    ['POST', `${letters}/redrive`, { all: false }, 400, 'request.invalid', ['all']],
  ],
  metrics: [
    ['POST', '/v1/metrics', {}, 400, 'request.invalid', ['agent_name', 'metric_type', 'value']],
    ['POST', '/v1/metrics', { points: [] }, 400, 'request.invalid', ['points']],
    ['POST', '/v1/metrics', { points: Array(5_001).fill(point) }, 400, 'request.invalid', ['points']],
    [
      'POST',
      '/v1/metrics',
      { points: [point, { ...point, value: '1' }, { ...point, timestamp: '2026-01-01 00:00', unit: 's' }, 7] },
      400,
      'request.invalid',
      ['points[1].value', 'points[2].timestamp', 'points[2].unit', 'points[3]'],
    ],
    ['POST', '/v1/metrics', { ...point, metadata: [], surprise: 1 }, 400, 'request.invalid', ['metadata', 'surprise']],
    ['POST', '/v1/metrics', { ...point, timestamp: tooLate }, 400, 'request.invalid', ['timestamp']],
    ['GET', '/v1/metrics?cursor=nonsense', undefined, 400, 'cursor.invalid', ['cursor']],
    [
      'GET',
      '/v1/metrics?agent=alice&limit=1001&from=yesterday',
      undefined,
      400,
      'request.invalid',
      ['from', 'limit', 'agent'],
    ],
    ['GET', '/v1/metrics?limit=1&limit=2', undefined, 400, 'request.invalid', ['limit']],
    ['GET', '/v1/metrics/rollup', undefined, 400, 'request.invalid', ['from', 'to', 'interval_seconds']],
    [
      'GET',
      `/v1/metrics/rollup?from=${day}&to=${day}&interval_seconds=0.5`,
      undefined,
      400,
      'request.invalid',
      ['interval_seconds'],
    ],
  ],
  agents: [
    ['PUT', '/v1/agents/%20a', {}, 400, 'request.invalid', ['agent']],
    [
      'PUT',
      '/v1/agents/carol',
      { endpoint: 7, signing_secret: 8, disabled: 'yes', role: 'admin' },
      400,
      'request.invalid',
      ['endpoint', 'signing_secret', 'disabled', 'role'],
    ],
    [
      'PUT',
      '/v1/agents/carol',
      { endpoint: 'https://example.com/\u001b[31m\n\u202e' },
      400,
      'request.invalid',
      ['endpoint'],
    ],
    ['PATCH', '/v1/agents/alice', { endpoint: 'https://example.com/\t' }, 400, 'request.invalid', ['endpoint']],
    ['PUT', '/v1/agents/carol', { endpoint: 'https://10.0.0.1/hook' }, 422, 'endpoint.refused', ['endpoint']],
    ['PUT', '/v1/agents/carol', { signing_secret: 'guess me' }, 400, 'request.invalid', ['signing_secret']],
    ['PATCH', '/v1/agents/carol', { disabled: true }, 404, 'agent.unknown', ['agent']],
    ['PATCH', '/v1/agents/alice', { endpoint: 'ftp://example.com' }, 422, 'endpoint.refused', ['endpoint']],
    ['PATCH', '/v1/agents/alice', {}, 400, 'request.invalid', ['$']],
    ['POST', '/v1/keys', { agent: 'alice', scopes: 'publish' }, 400, 'request.invalid', ['scopes']],
    [
      'POST',
      '/v1/keys',
      { agent: 'alice', scopes: ['publish'], expires_at: tooLate },
      400,
      'request.invalid',
      ['expires_at'],
    ],
    [
      'POST',
      '/v1/migrations',
      { upload: '019ca6d1-2c00-7000-8000-000000000000', plan: {}, start_at: tooLate },
      400,
      'request.invalid',
      ['start_at'],
    ],
    ['GET', '/v1/agents/carol', undefined, 404, 'agent.unknown', ['agent']],
    ['GET', '/v1/agents/carol/subscriptions', undefined, 404, 'agent.unknown', ['agent']],
    ['GET', '/v1/agents/carol/capabilities', undefined, 404, 'agent.unknown', ['agent']],
    ['GET', '/v1/agents?cursor=nonsense', undefined, 400, 'cursor.invalid', ['cursor']],
  ],
}

function inShort(part: unknown): string {
  const text = typeof part === 'string' ? part : (JSON.stringify(part) ?? '')
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

describe.each(Object.entries(refusals))('bad input of %s', (_name, cases) => {
  const titled = cases.map((refusal) => [refusal.slice(0, 3).map(inShort).join(' '), refusal] as const)

  it.each(titled)('%s', async (_title, refusal) => {
    const [method, path, body, status, code, fields] = refusal
    const answer = await call(method, path, body)
    expectProblem(answer, status, code, fields)
    expect(JSON.stringify(answer.body)).not.toContain('guess me')
    await expectNothingWritten()
  })
})

describe('the Idempotency-Key of receive', () => {
  it.each([
    ['empty', ''],
    ['two words', 'a b'],
    ['too long', 'x'.repeat(129)],
    ['not ASCII', 'cl\u00e9'],
  ])('is refused when it is %s', async (_name, key) => {
    const headers = { 'idempotency-key': key }
    const answer = await call('POST', `${inbox}/receive`, {}, { headers })
    expectProblem(answer, 400, 'request.invalid', ['Idempotency-Key'])
    await expectNothingWritten()
  })
})

describe('a failure that nobody foresaw', () => {
  it('is logged under the request id and tells its caller nothing', async () => {
    const logged: object[] = []
    setWarmHive({
      ...hive,
      log: { ...hive.log, error: (text, extra) => void logged.push({ text, ...extra }) },
      records: () => Promise.reject(new Error('password hunter2 was refused')),
    })
    const answer = await call('GET', '/v1/agents/alice')
    setWarmHive(hive)
    expectProblem(answer, 500, 'internal')
    expect(JSON.stringify(answer.body)).not.toContain('hunter2')
    expect(logged).toMatchObject([
      {
        request_id: answer.headers.get('x-request-id'),
        route: 'GET /v1/agents/{agent}',
        error: { message: 'password hunter2 was refused' },
      },
    ])
  })
})

describe('what is right', () => {
  it('takes a name with a space and a plus in a path', async () => {
    expect(await call('GET', '/v1/agents/an%20agent+1')).toMatchObject({ status: 200, body: { name: 'an agent+1' } })
  })

  it('answers every request under an id of its own', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('GET', '/v1/health')))
    expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(20)
    expect(answers.every(({ status }) => status === 200)).toBe(true)
  })
})
