import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RouteKey, routes } from '../functions/routes.ts'
import type { Cloud } from '../scripts/local/cloud.ts'
import { type Bundle, bundleFunction, writeLinks } from '../scripts/stack/bundle.ts'
import { httpEvent, invokeBundle, linksOf } from '../scripts/stack/invoke-bundle.ts'
import { testCloud } from '../test/test-cloud.ts'

const apiFiles = [...new Set<string>(routes.map(({ file }) => file)), 'not-found']
const workerFiles = ['deliver', 'history', 'migrate-batch', 'sweep', 'retention', 'audit', 'revive-migrations']
const files = [...apiFiles, ...workerFiles]

let cloud: Cloud
let folder: string
const bundles = new Map<string, Bundle>()
const environments = new Map<string, Record<string, string>>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agent-hive-bundles-'))
  const [started] = await Promise.all([
    testCloud(),
    ...files.map(async (file) => bundles.set(file, await bundleFunction(file, join(folder, file)))),
  ])
  cloud = started
  for (const file of files) environments.set(file, await writeLinks(join(folder, file), linksOf(cloud.hive.config)))
}, 240_000)
afterAll(async () => {
  await cloud?.stop()
  await rm(folder, { recursive: true, force: true })
})

const bundle = (file: string) => bundles.get(file) as Bundle

async function invoke(file: string, event: object) {
  return (await invokeBundle(bundle(file).file, event, environments.get(file) ?? {})).result
}

type Given = { path?: Record<string, string>; query?: string; body?: object }

async function request(routeKey: RouteKey, options: Given = {}) {
  const file = routes.find(({ key }) => key === routeKey)?.file as string
  const { statusCode, body } = await invoke(file, httpEvent(routeKey, { key: cloud.adminKey, ...options }))
  return { status: statusCode as number, body: JSON.parse(body) }
}

describe('a bundle', () => {
  it.each(apiFiles)('of %s loads at most 300 KB when it starts', (file) => {
    expect(bundle(file).startBytes).toBeLessThanOrEqual(300_000)
  })

  // that of migrations has so much behind imports that what these share is in more files
  it.each(apiFiles.filter((file) => file !== 'migrations'))('of %s is few files when it starts', (file) => {
    expect(bundle(file).startFiles).toBeLessThanOrEqual(5)
  })

  it.each(files)('of %s holds nothing that only the local cloud or tests may do', (file) => {
    const inputs = Object.keys(bundle(file).metafile.inputs)
    expect(inputs).toContain(`functions/${file}.ts`)
    expect(inputs.filter((path) => /^(scripts|test|infra)\/|\.test\.ts$/.test(path))).toEqual([])
    expect(inputs.filter((path) => path.includes('node_modules/sst/'))).toEqual([])
  })

  it.each(files)('of %s has no package that sst would have to install', (file) => {
    const external = Object.values(bundle(file).metafile.inputs).flatMap(({ imports }) =>
      imports.filter((one) => one.external && !one.path.startsWith('node:')).map(({ path }) => path),
    )
    const { builtinModules } = process.getBuiltinModule('node:module')
    // `pg` looks for pg-native when it is asked for it, and the stack says not to install it
    const known = new Set([...builtinModules, 'pg-native', 'cloudflare:sockets'])
    expect(external.filter((path) => !known.has(path))).toEqual([])
  })
})

describe('in a process of its own, with links and nothing else', () => {
  it('a message goes from publish to receive and settle', async () => {
    for (const agent of ['planner', 'builder']) {
      const { status } = await request('PUT /v1/agents/{agent}', { path: { agent }, body: {} })
      expect(status).toBe(201)
    }
    const message = { from_agent: 'planner', to_agent: 'builder', message_type: 'task', message_id: 'm-1', body: {} }
    expect((await request('POST /v1/messages', { body: message })).status).toBe(202)
    const path = { agent: 'builder' }
    const received = await request('POST /v1/agents/{agent}/inbox/receive', { path, body: {} })
    expect(received.body.messages).toHaveLength(1)
    const acks = [received.body.messages[0].receipt]
    expect((await request('POST /v1/agents/{agent}/inbox/settle', { path, body: { acks } })).status).toBe(200)
    const inbox = await request('GET /v1/agents/{agent}/inbox', { path })
    expect(inbox.body).toMatchObject({ counters: { accepted: 1, delivered: 1 }, violations: [] })
  })

  it('metrics are written and read', async () => {
    const points = [{ agent_name: 'planner', metric_type: 'latency_ms', value: 12.5 }]
    expect((await request('POST /v1/metrics', { body: { points } })).status).toBe(201)
  })

  /** What GET routes must be given; those that are not here need nothing. `null` needs what only another test makes. */
  const given: { [key in RouteKey]?: Given | null } = {
    'GET /v1/agents/{agent}': { path: { agent: 'builder' } },
    'GET /v1/agents/{agent}/capabilities': { path: { agent: 'builder' } },
    'GET /v1/agents/{agent}/subscriptions': { path: { agent: 'builder' } },
    'GET /v1/agents/{agent}/inbox': { path: { agent: 'builder' } },
    'GET /v1/agents/{agent}/dead-letters': { path: { agent: 'builder' } },
    'GET /v1/agents/{agent}/dead-letters/{dead_letter_id}': null,
    'GET /v1/messages/{message_id}': { path: { message_id: 'm-1' }, query: 'from_agent=planner' },
    'GET /v1/topics/{topic}/subscribers': { path: { topic: 'news' } },
    'GET /v1/conversations': { query: 'agent=planner' },
    'GET /v1/conversations/{conversation_id}': null,
    'GET /v1/metrics/rollup': {
      query: 'interval_seconds=60&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&agent_name=planner',
    },
    'GET /v1/migrations/{migration_id}': null,
    'GET /v1/migrations/{migration_id}/tables': null,
    'GET /v1/migrations/{migration_id}/rejects': null,
  }
  it.each(routes.filter(({ key, method }) => method === 'GET' && given[key] !== null))(
    '$key answers',
    async (route) => {
      const { status, body } = await request(route.key, given[route.key] ?? {})
      expect([status, body]).toEqual([200, expect.anything()])
    },
  )

  it('a dead letter is read and sent again', async () => {
    const path = { agent: 'builder' }
    const once = { max_attempts: 1 }
    const message = { from_agent: 'planner', to_agent: 'builder', message_type: 'task', message_id: 'm-2', body: {} }
    expect((await request('POST /v1/messages', { body: { ...message, delivery_options: once } })).status).toBe(202)
    const received = await request('POST /v1/agents/{agent}/inbox/receive', { path, body: {} })
    const nacks = [{ receipt: received.body.messages[0].receipt }]
    await request('POST /v1/agents/{agent}/inbox/settle', { path, body: { nacks } })
    const { body: dead } = await request('GET /v1/agents/{agent}/dead-letters', { path })
    const letter = { ...path, dead_letter_id: dead.items[0].dead_letter_id }
    const one = await request('GET /v1/agents/{agent}/dead-letters/{dead_letter_id}', { path: letter })
    expect(one.body).toMatchObject({ message: { message_id: 'm-2' } })
    const again = await request('POST /v1/agents/{agent}/dead-letters/redrive', { path, body: { all: true } })
    expect([again.status, again.body]).toEqual([200, { redriven: 1 }])
  })

  it('the projection is built again', async () => {
    expect(await request('POST /v1/projection/rebuild', { body: {} })).toMatchObject({ status: 200 })
  })

  it('what no route has is not found', async () => {
    const event = httpEvent('GET /nowhere', { key: cloud.adminKey })
    event.routeKey = '$default'
    event.requestContext.routeKey = '$default'
    expect((await invoke('not-found', event)).statusCode).toBe(404)
  })

  it('queue functions report no failure of good wakes, and name the bad ones', async () => {
    const record = (messageId: string, body: object) => ({
      messageId,
      body: JSON.stringify(body),
      attributes: { ApproximateReceiveCount: '1' },
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:queue',
    })
    const run = '0b9f2c1e-6a51-4c0e-9a57-3f4a3f0f8d11'
    const good = { deliver: { agent: 'builder' }, history: { shard: 1 }, 'migrate-batch': { step: 'move', run } }
    for (const [file, body] of Object.entries(good)) {
      const event = { Records: [record('good', body), record('bad', { wrong: true })] }
      expect(await invoke(file, event)).toEqual({ batchItemFailures: [{ itemIdentifier: 'bad' }] })
    }
  })

  it('a migration is begun by one and moved by another', async () => {
    const source = join(folder, 'source.db')
    const database = new DatabaseSync(source)
    database.exec("CREATE TABLE notes (text); INSERT INTO notes VALUES ('one'), ('two')")
    database.close()
    const bytes = new Uint8Array(await readFile(source))
    const files = [{ path: 'source.db', bytes: bytes.length }]
    const { body: upload } = await request('POST /v1/migrations/uploads', { body: { files } })
    expect((await fetch(upload.files[0].url, { method: 'PUT', body: bytes })).status).toBe(200)
    const plan = {
      version: 1,
      zone: 'UTC',
      files: [{ path: 'source.db', tables: [{ name: 'notes', target: 'legacy' }] }],
    }
    // planned, so that the cloud's own worker leaves the first step to the bundle
    const later = { upload: upload.upload, plan, start_at: '2099-01-01T00:00:00Z' }
    const begun = await request('POST /v1/migrations', { body: later })
    expect([begun.status, begun.body.state]).toEqual([202, 'planned'])
    const client = new pg.Client({ connectionString: cloud.databaseUrl })
    await client.connect()
    await client.query("UPDATE migration_runs SET state = 'running'")
    await client.end()
    const work = { messageId: 'prepare', body: JSON.stringify({ step: 'prepare', run: begun.body.id }) }
    const event = { Records: [{ ...work, attributes: {}, eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:queue' }] }
    expect(await invoke('migrate-batch', event)).toEqual({ batchItemFailures: [] })
    const path = { migration_id: begun.body.id }
    const read = async () => (await request('GET /v1/migrations/{migration_id}', { path })).body
    await expect.poll(async () => (await read()).step, { timeout: 20_000 }).toBeNull()
    expect(await read()).toMatchObject({ state: 'complete', rows: { legacy: 2 }, verification: { verified: true } })
    const tables = await request('GET /v1/migrations/{migration_id}/tables', { path })
    expect(tables.body.items).toMatchObject([{ table: 'notes', rows: { legacy: 2 } }])
    const rejects = await request('GET /v1/migrations/{migration_id}/rejects', { path })
    expect([rejects.status, rejects.body.items]).toEqual([200, []])
  }, 60_000)

  it('schedules run', async () => {
    expect(await invoke('sweep', {})).toMatchObject({ inboxes: expect.any(Number) })
    expect(await invoke('retention', {})).toMatchObject({ unfinished: [] })
    expect(await invoke('audit', {})).toMatchObject({ violated: 0 })
    expect(await invoke('revive-migrations', {})).toEqual({ woken: 0, given_up: 0 })
  })
})
