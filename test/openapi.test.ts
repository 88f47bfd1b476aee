import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeadLetter } from '../core/bus/dead-letters.ts'
import type { Leased } from '../core/bus/receive.ts'
import { publicEndpoints } from '../core/delivery/endpoint-guard.ts'
import type { Upload } from '../core/migration/cloud/create-upload.ts'
import { describeApi } from '../functions/openapi/document.ts'
import { parameterExamples, requestExamples } from '../functions/openapi/examples.ts'
import type { Parameter } from '../functions/openapi/parameters.ts'
import { type Route, type RouteKey, routes } from '../functions/routes.ts'
import { setWarmHive } from '../functions/warm.ts'
import { type Gateway, startGateway } from '../scripts/local/gateway/start-gateway.ts'
import { describedOperation, describedParameter } from './described.ts'
import { type TestHive, testHive } from './hive.ts'
import { type HttpAnswer, type HttpCall, httpCaller } from './http-call.ts'

let hive: TestHive
let gateway: Gateway
let call: HttpCall

beforeAll(async () => {
  hive = await testHive({}, { endpoints: publicEndpoints })
  setWarmHive(hive)
  gateway = await startGateway({ port: 0 })
  call = httpCaller(gateway.url, hive.config.adminKeys[0] ?? '')
})
afterAll(async () => {
  await gateway?.stop()
  setWarmHive(undefined)
  await hive?.dispose()
})

const parametersOf = (route: Route) => (describedOperation(route).parameters ?? []).map(describedParameter)
const toBuilder = { from_agent: 'planner', to_agent: 'builder', message_type: 'build', body: {} }

/** What stands in the examples for what a hive gives out itself, and what this hive gave out. */
const given = new Map<string, string>()

function withGiven(text: string): string {
  return [...given].reduce((result, [example, real]) => result.replaceAll(example, real), text)
}

/** The URL of a route with these parameters, each with its example; one that has none is left out. */
function urlOf(route: Route, parameters: Parameter[]): string {
  const url = new URL(route.path, 'http://hive')
  for (const { in: place, name, example } of parameters) {
    if (place === 'path') url.pathname = url.pathname.replace(encodeURIComponent(`{${name}}`), String(example))
    if (place === 'query' && example !== undefined) url.searchParams.set(name, String(example))
  }
  return withGiven(url.pathname + url.search)
}

function callAsDescribed(route: Route, body: object | undefined, parameters: Parameter[]): Promise<HttpAnswer> {
  const headers = parameters.filter((parameter) => parameter.in === 'header')
  return call(route.method, urlOf(route, parameters), body && withGiven(JSON.stringify(body)), {
    headers: Object.fromEntries(headers.map(({ name, example }) => [name.toLowerCase(), String(example)])),
  })
}

async function receiveOne(): Promise<string> {
  const { body } = await call('POST', '/v1/agents/builder/inbox/receive', { max: 1 })
  const [leased] = (body as { messages: Leased[] }).messages
  if (!leased) throw new Error('nothing was received')
  return leased.receipt
}

async function makeKey(): Promise<void> {
  const { body } = await call('POST', '/v1/keys', { agent: 'builder', scopes: ['publish'] })
  given.set(String(parameterExamples.key_id), (body as { id: string }).id)
}

const exampleText = (of: Record<string, { value: object }>) => JSON.stringify(Object.values(of)[0]?.value)

/** Uploads what the examples of migrations upload. */
async function upload(): Promise<void> {
  const sizes = JSON.parse(exampleText(requestExamples.CreateUpload)) as { files: { bytes: number }[] }
  const { body } = await call('POST', '/v1/migrations/uploads', sizes)
  const { upload: id, files } = body as Upload
  const sent = files.map(async ({ url }, at) => {
    const { ok } = await fetch(url, { method: 'PUT', body: new Uint8Array(sizes.files[at]?.bytes ?? 0) })
    expect(ok).toBe(true)
  })
  await Promise.all(sent)
  const { upload: example } = JSON.parse(exampleText(requestExamples.StartMigration)) as { upload: string }
  given.set(example, id)
}

/** What an example takes for granted. */
const preparations: Partial<Record<RouteKey, (example: string) => Promise<void>>> = {
  'POST /v1/agents/{agent}/inbox/receive': async () => {
    await call('POST', '/v1/messages', { ...toBuilder, correlation_id: 'release-7' })
  },
  'POST /v1/agents/{agent}/inbox/settle': async (example) => {
    for (const [receipt] of example.matchAll(/\d{16}\.\d/g)) {
      await call('POST', '/v1/messages', toBuilder)
      given.set(receipt, await receiveOne())
    }
  },
  'POST /v1/migrations': upload,
  'GET /v1/migrations/{migration_id}': async () => {
    const { body } = await call('GET', '/v1/migrations?limit=1')
    given.set(String(parameterExamples.migration_id), (body as { items: { id: string }[] }).items[0]?.id ?? 'none')
  },
  'POST /v1/keys/{key_id}/rotate': makeKey,
  'POST /v1/keys/{key_id}/revoke': makeKey,
  'GET /v1/agents/{agent}/dead-letters': async () => {
    await call('POST', '/v1/messages', { ...toBuilder, delivery_options: { max_attempts: 1 } })
    await call('POST', '/v1/agents/builder/inbox/settle', { nacks: [{ receipt: await receiveOne() }] })
    const { body } = await call('GET', '/v1/agents/builder/dead-letters')
    const [letter] = (body as { items: DeadLetter[] }).items
    given.set(String(parameterExamples.dead_letter_id), letter?.dead_letter_id ?? 'none')
  },
}

/** Nobody takes from the queues here, so that no migration has ended that could be verified. */
const unready: Partial<Record<RouteKey, number[]>> = { 'POST /v1/migrations/{migration_id}/verify': [409] }

it('GET /openapi.json answers the document', async () => {
  expect((await call('GET', '/openapi.json')).body).toEqual(JSON.parse(JSON.stringify(describeApi())))
})

it('every example of the document is accepted, one after another in the order of the route table', async () => {
  for (const route of routes) {
    const { requestBody } = describedOperation(route)
    const values = Object.values(requestBody?.content['application/json'].examples ?? {}).map(({ value }) => value)
    for (const [index, value] of (route.request === null ? [undefined] : values).entries()) {
      const example = JSON.stringify(value ?? null)
      await preparations[route.key]?.(example)
      // one Idempotency-Key stands for one request
      const parameters = parametersOf(route).filter((parameter) => index === 0 || parameter.in !== 'header')
      const answer = await callAsDescribed(route, value, parameters)
      const outcome = `${route.key} ${example}: ${JSON.stringify(answer.body)}`
      expect(unready[route.key] ?? route.statuses, outcome).toContain(answer.status)
      expect(outcome).not.toContain('"error":{"code"')
    }
  }
})

describe('the running handlers take the parameters that are described', () => {
  const keyed = routes.map((route) => [route.key, route] as const)

  it.each(keyed)('%s', async (_key, route) => {
    const required = parametersOf(route).filter((parameter) => parameter.in === 'query' && parameter.required)
    const url = urlOf(
      route,
      parametersOf(route).filter((parameter) => parameter.in === 'path'),
    )
    const answer = await call(route.method, `${url}?surprise=1`, route.method === 'GET' ? undefined : {})
    expect(answer.status).toBe(400)
    const { errors } = answer.body as { errors: { field: string }[] }
    const fields = errors.map(({ field }) => field)
    expect(fields).toEqual(expect.arrayContaining([...required.map(({ name }) => name), 'surprise']))
    if (route.request === null) expect(fields).toHaveLength(required.length + 1)
  })
})
