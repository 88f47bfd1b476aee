import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAccessMemory } from '../core/access/access-memory.ts'
import { mintApiKey } from '../core/access/api-key.ts'
import { setWarmHive } from '../functions/warm.ts'
import type { Cloud } from '../scripts/local/cloud.ts'
import { dumpKeys } from './dump-keys.ts'
import { type HttpAnswer, httpCaller } from './http-call.ts'
import { testCloud } from './test-cloud.ts'

let cloud: Cloud
const logged: string[] = []
const answered: string[] = []
const secrets = new Map<string, string>()

beforeAll(async () => {
  const keep = (message: string, extra?: object) => void logged.push(JSON.stringify({ message, ...extra }))
  cloud = await testCloud({ log: { info: keep, warn: keep, error: keep } })
})
afterAll(() => cloud?.stop())

/** A key's text holds its secret, and so does a signing secret behind its prefix: either alone must not be seen. */
function remember(name: string, secret: string): string {
  secrets.set(name, secret)
  if (secret.startsWith('whsec_')) secrets.set(`${name}, bare`, secret.slice('whsec_'.length))
  if (/^hive_.*_[\w-]{43}$/.test(secret)) secrets.set(`${name}, bare`, secret.slice(-43))
  return secret
}

/** Calls, and keeps what was answered but for the secret that is shown this once. */
async function call(key: string | null, method: string, path: string, body?: unknown): Promise<HttpAnswer> {
  const answer = await httpCaller(cloud.url, '')(method, path, body, { key })
  const { key: shown, signing_secret, ...rest } = answer.body as { key?: string; signing_secret?: string }
  if (shown !== undefined) remember(`key of ${method} ${path}`, shown)
  if (signing_secret !== undefined) remember(`signing secret of ${method} ${path}`, signing_secret)
  answered.push(JSON.stringify([rest, [...answer.headers]]))
  return answer
}

/** Every row of every table as text. */
async function everyRow(): Promise<string> {
  const client = new pg.Client({ connectionString: cloud.databaseUrl })
  await client.connect()
  try {
    const tables = await client.query(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`)
    const texts: string[] = []
    for (const { table_name } of tables.rows) {
      const { rows } = await client.query(`SELECT to_jsonb(t)::text AS row FROM ${table_name} t`)
      texts.push(...rows.map(({ row }) => row))
    }
    return texts.join('\n')
  } finally {
    await client.end()
  }
}

it('no key and no secret is in a log line, an error, a column or a Redis key after a full run', async () => {
  const { config } = cloud.hive
  const admin = remember('admin key', cloud.adminKey)
  remember('signing root', config.signingRoot)
  remember('Redis token', config.redisRestToken)

  await call(admin, 'PUT', '/v1/agents/alice', {})
  await call(admin, 'PUT', '/v1/agents/push', { endpoint: 'http://127.0.0.1:9/hook' })
  await call(admin, 'POST', '/v1/agents/push/signing-secret/rotate', {})
  const chosen = remember('chosen signing secret', `whsec_${Buffer.alloc(32, 'chosen').toString('base64')}`)
  await call(admin, 'PATCH', '/v1/agents/push', { signing_secret: chosen })
  const all = { agent: 'alice', scopes: ['publish', 'receive', 'metrics:write', 'records:read'] }
  const first = (await call(admin, 'POST', '/v1/keys', all)).body as { id: string; key: string }
  const operator = (await call(admin, 'POST', '/v1/keys', { scopes: ['admin'] })).body as { id: string; key: string }
  const rotated = await call(operator.key, 'POST', `/v1/keys/${first.id}/rotate`, {})
  const { key } = rotated.body as { key: string }

  // what works
  const message = { to_agent: 'alice', message_type: 'task', body: { n: 1 }, delivery_options: { max_attempts: 1 } }
  await call(key, 'POST', '/v1/messages', message)
  await call(key, 'POST', '/v1/messages', { ...message, to_agent: 'push' })
  const received = await call(key, 'POST', '/v1/agents/alice/inbox/receive', {})
  const { messages } = received.body as { messages: { receipt: string }[] }
  const nacks = messages.map(({ receipt }) => ({ receipt, reason: 'no' }))
  await call(key, 'POST', '/v1/agents/alice/inbox/settle', { nacks })
  await call(key, 'POST', '/v1/metrics', { agent_name: 'alice', metric_type: 'load', value: 1 })
  for (const path of ['/v1/agents', '/v1/agents/push', '/v1/keys', '/v1/health']) await call(operator.key, 'GET', path)
  await call(operator.key, 'POST', '/v1/projection/rebuild', {})

  // what is refused, with keys that are nearly right and in places where they do not belong
  const wrong = remember('wrong key', mintApiKey(config).text)
  const flipped = remember('flipped key', key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A'))
  for (const bad of [null, wrong, flipped, `${admin}x`]) await call(bad, 'POST', '/v1/messages', message)
  await call(key, 'GET', '/v1/agents/push')
  await call(key, 'POST', '/v1/messages', { ...message, from_agent: 'push' })
  await call(key, 'PATCH', '/v1/agents/alice', { signing_secret: remember('refused secret', 'whsec_bm90IGVub3VnaA==') })
  await call(admin, 'GET', `/v1/agents?limit=${key}`)
  await call(admin, 'POST', '/v1/keys', { agent: key, scopes: [key] })

  // what fails inside: Redis and Postgres with whole commands and statements in hand
  setWarmHive({ ...cloud.hive, access: createAccessMemory() })
  cloud.upstash.faults.next('500', 1, { command: 'GET' })
  expect((await call(key, 'POST', '/v1/messages', message)).status).toBe(503)
  cloud.upstash.faults.next('500', 1, { script: 'string.match(before' })
  expect((await call(admin, 'POST', '/v1/keys', all)).status).toBe(503)
  cloud.upstash.faults.next('500', 1, { script: "'endpoint', ARGV[6]" })
  expect((await call(admin, 'PATCH', '/v1/agents/push', { signing_secret: chosen })).status).toBe(503)
  cloud.neon.faults.failNext(10, 403)
  expect((await call(admin, 'POST', '/v1/keys', all)).status).toBe(500)
  cloud.neon.faults.failNext(0, 403)
  await call(operator.key, 'POST', `/v1/keys/${first.id}/revoke`)
  await expect
    .poll(() => logged.filter((line) => line.includes('wake') || line.includes('request failed')).length)
    .toBeGreaterThan(2)
  // history has written what was published
  await expect.poll(everyRow).toContain('"message_type": "task"')

  const places = {
    logs: logged.join('\n'),
    answers: answered.join('\n'),
    rows: await everyRow(),
    Redis: JSON.stringify(await dumpKeys(cloud.hive)),
  }
  expect(secrets.size).toBeGreaterThan(15)
  for (const [place, text] of Object.entries(places)) {
    expect(text.length).toBeGreaterThan(500)
    const seen = [...secrets].filter(([, secret]) => text.includes(secret)).map(([name]) => name)
    expect(seen, place).toEqual([])
  }
})
