import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { auditInboxDeeply } from '../bus/audit.ts'
import { messageStatus } from '../bus/message-status.ts'
import { projectAgent } from '../bus/projection.ts'
import { publish } from '../bus/publish.ts'
import { receive } from '../bus/receive.ts'
import type { HiveConfig } from '../config.ts'
import { parseMessage } from '../protocol/message.ts'
import { deliver } from './deliver.ts'
import { sealSecret } from './seal.ts'
import { generateSigningSecret } from './signing-secret.ts'
import { sweep } from './sweep.ts'

type Hook = { headers: IncomingMessage['headers']; text: string }
type Reply = { status: number; headers?: Record<string, string> } | 'hang' | 'close'

let hive: TestHive
let server: Server
let hooks: Hook[]
let reply: (hook: Hook) => Reply
const secret = generateSigningSecret()

async function start(overrides: Partial<HiveConfig> = {}) {
  hive = await testHive({ breakerOpenMs: 50, wakeGraceMs: 50, ...overrides } as Parameters<typeof testHive>[0])
}

beforeEach(async () => {
  hooks = []
  reply = () => ({ status: 200 })
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const hook = { headers: request.headers, text: Buffer.concat(chunks).toString() }
      hooks.push(hook)
      const answer = reply(hook)
      if (answer === 'close') request.socket.destroy()
      else if (answer !== 'hang') response.writeHead(answer.status, answer.headers).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await hive.dispose()
})

const endpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`

async function register(name: string, url: string | null = endpoint(), version = 1) {
  await projectAgent(hive, {
    name,
    endpoint: url,
    endpoint_disabled_at: null,
    sealed_secrets: [sealSecret(secret, name, hive.config.signingRoot)],
    disabled: false,
    version,
    created_at: '',
    updated_at: '',
  })
}

async function send(to: string, more: object = {}) {
  const message = parseMessage(
    { version: 1, from_agent: 'sender', to_agent: to, message_type: 'note', body: { text: 'grüße' }, ...more },
    { now: Date.now(), newId: hive.ids.messageId },
  )
  const [published] = await publish(hive, [message])
  return published?.message_id as string
}

const statusOf = async (id: string) => (await messageStatus(hive, 'sender', id)).recipients[0]

describe('deliver', () => {
  it('pushes the envelope with a signature that a Standard Webhooks receiver accepts, and settles it', async () => {
    await start()
    await register('push')
    const id = await send('push')
    expect(hive.wakes).toContainEqual({ agent: 'push', delayMs: 0 })
    await deliver(hive, 'push')
    expect(hooks).toHaveLength(1)
    const [hook] = hooks as [Hook]
    expect(() => new Webhook(secret).verify(hook.text, hook.headers as Record<string, string>)).not.toThrow()
    expect(JSON.parse(hook.text)).toMatchObject({ message_id: id, body: { text: 'grüße' } })
    expect(await statusOf(id)).toMatchObject({ status: 'delivered', attempts: 1 })
  })

  it('pushes the most urgent first and everything that waits in one wake', async () => {
    await start({ deliveryConcurrency: 1 })
    await register('push')
    const low = await send('push', { priority: 'LOW' })
    const high = await send('push', { priority: 'CRITICAL' })
    await deliver(hive, 'push')
    expect(hooks.map(({ text }) => JSON.parse(text).message_id)).toEqual([high, low])
  })

  it('retries 5xx with backoff and dead-letters after the last attempt', async () => {
    await start()
    await register('push')
    reply = () => ({ status: 500 })
    const id = await send('push', {
      delivery_options: { max_attempts: 2, backoff: { type: 'fixed', base_seconds: 0.005 } },
    })
    await deliver(hive, 'push')
    expect(await statusOf(id)).toMatchObject({ status: 'pending', attempts: 1, reason: 'endpoint.answered_500' })
    await expect
      .poll(async () => {
        await deliver(hive, 'push')
        return (await statusOf(id))?.status
      })
      .toBe('failed')
    expect(hooks).toHaveLength(2)
    expect((await auditInboxDeeply(hive, 'push')).violations).toEqual([])
  })

  it('honours Retry-After', async () => {
    await start()
    await register('push')
    reply = () => ({ status: 503, headers: { 'retry-after': '120' } })
    const id = await send('push')
    await deliver(hive, 'push')
    const status = await statusOf(id)
    const wait = Date.parse(status?.waiting?.until ?? '') - Date.now()
    expect(wait).toBeGreaterThan(100_000)
    expect(wait).toBeLessThanOrEqual(121_000)
    expect(hive.wakes.at(-1)).toMatchObject({ agent: 'push' })
    expect((hive.wakes.at(-1) as { delayMs: number }).delayMs).toBeGreaterThan(100_000)
  })

  it('fails a message at once when the endpoint refuses it', async () => {
    await start()
    await register('push')
    reply = () => ({ status: 422 })
    const id = await send('push')
    await deliver(hive, 'push')
    expect(await statusOf(id)).toMatchObject({
      status: 'failed',
      state: 'dead',
      reason: 'endpoint.answered_422',
      attempts: 1,
    })
  })

  it('disables an endpoint that is gone and keeps its messages for a pull', async () => {
    await start()
    const { agents } = await hive.records()
    const { agent } = await agents.put({
      name: 'push',
      endpoint: endpoint(),
      sealed_secrets: [sealSecret(secret, 'push', hive.config.signingRoot)],
      disabled: false,
    })
    await projectAgent(hive, agent)
    reply = () => ({ status: 410 })
    const id = await send('push')
    await deliver(hive, 'push')
    expect((await agents.get('push'))?.endpoint_disabled_at).not.toBeNull()
    const audited = await (await hive.records()).audit.query({ target: 'push', limit: 10 })
    expect(audited.items).toMatchObject([
      { action: 'agent.endpoint_disabled', actor: 'hive', details: { answered: 410 } },
    ])
    expect(await statusOf(id)).toMatchObject({ status: 'pending', state: 'ready', attempts: 0 })
    await deliver(hive, 'push')
    expect(hooks).toHaveLength(1)
    const { messages } = await receive(hive, 'push', { max: 1, requestId: 'pull' })
    expect(messages[0]?.message.message_id).toBe(id)
  })

  it('opens the breaker on failures, sends one probe when its time is over, and closes on success', async () => {
    await start({ breakerFailures: 3, deliveryConcurrency: 3, breakerOpenMs: 1_500 })
    await register('push')
    reply = () => 'close'
    const options = { delivery_options: { max_attempts: 50, backoff: { type: 'fixed', base_seconds: 0.001 } } }
    const ids = await Promise.all(Array.from({ length: 6 }, () => send('push', options)))
    await deliver(hive, 'push')
    expect(hooks).toHaveLength(3)
    const waiting = await Promise.all(ids.map(statusOf))
    expect(waiting.some((status) => /breaker/.test(status?.waiting?.because ?? ''))).toBe(true)
    await deliver(hive, 'push')
    expect(hooks).toHaveLength(3)
    reply = () => ({ status: 204 })
    await expect
      .poll(async () => {
        await deliver(hive, 'push')
        return hooks.length
      })
      .toBeGreaterThan(3)
    await expect
      .poll(async () => {
        await deliver(hive, 'push')
        return (await Promise.all(ids.map(statusOf))).every((status) => status?.status === 'delivered')
      })
      .toBe(true)
  })

  it('lets only one delivery of an agent run at a time', async () => {
    await start({ deliveryTimeoutMs: 2_000 })
    await register('push')
    await send('push')
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    server.removeAllListeners('request')
    server.on('request', async (_request, response) => {
      hooks.push({ headers: {}, text: '' })
      await held
      response.end()
    })
    const first = deliver(hive, 'push')
    await expect.poll(() => hooks.length).toBe(1)
    await send('push')
    await deliver(hive, 'push')
    expect(hooks).toHaveLength(1)
    release()
    await first
    // what came meanwhile was either delivered by the first, or a wake for it was asked
    const { counts } = await auditInboxDeeply(hive, 'push')
    if (counts.ready > 0) expect(hive.wakes.filter((wake) => 'agent' in wake).length).toBeGreaterThan(1)
  })

  it('delivers by the sweep when SQS took no wake', async () => {
    await start()
    await register('push')
    hive.queueDown = true
    const id = await send('push')
    expect(hive.wakes).toEqual([])
    hive.queueDown = false
    await expect
      .poll(async () => {
        await sweep(hive)
        return hive.wakes.some((wake) => 'agent' in wake && wake.agent === 'push')
      })
      .toBe(true)
    await deliver(hive, 'push')
    expect((await statusOf(id))?.status).toBe('delivered')
  })

  it('finds a wake that SQS took and lost', async () => {
    await start()
    await register('push')
    await send('push')
    hive.wakes.length = 0
    await expect
      .poll(async () => {
        await sweep(hive)
        return hive.wakes.some((wake) => 'agent' in wake)
      })
      .toBe(true)
  })
})

describe('a delivery that something overtakes', () => {
  it('holds messages for as long as it takes, whatever their own lease is', async () => {
    await start()
    await register('push')
    server.removeAllListeners('request')
    server.on('request', (request, response) => {
      request.resume().on('end', () => {
        hooks.push({ headers: {}, text: '' })
        setTimeout(() => response.end(), 60)
      })
    })
    const id = await send('push', { delivery_options: { lease_seconds: 0.005, max_attempts: 3 } })
    await deliver(hive, 'push')
    expect(await statusOf(id)).toMatchObject({ status: 'delivered', attempts: 1 })
    expect(hooks).toHaveLength(1)
  })

  it('leaves an endpoint alone that was given while the one before answered that it is gone', async () => {
    await start()
    const { agents } = await hive.records()
    const put = async (url: string) => {
      const { agent } = await agents.put({
        name: 'push',
        endpoint: url,
        sealed_secrets: [sealSecret(secret, 'push', hive.config.signingRoot)],
        disabled: false,
      })
      await projectAgent(hive, agent)
    }
    await put(endpoint())
    server.removeAllListeners('request')
    server.on('request', async (request, response) => {
      request.resume()
      if (request.url === '/new') {
        hooks.push({ headers: {}, text: '' })
        response.end()
        return
      }
      await put(endpoint().replace('/hook', '/new'))
      response.writeHead(410).end()
    })
    const id = await send('push')
    await deliver(hive, 'push')
    expect((await agents.get('push'))?.endpoint_disabled_at).toBeNull()
    await expect
      .poll(async () => {
        await deliver(hive, 'push')
        return (await statusOf(id))?.status
      })
      .toBe('delivered')
    expect(hooks).toHaveLength(1)
  })

  it('does not call an endpoint again and again that is gone but cannot be disabled', async () => {
    await start()
    // Postgres knows no such agent, so that nothing can be disabled
    await register('push')
    reply = () => ({ status: 410 })
    const id = await send('push')
    for (let wake = 0; wake < 5; wake++) await deliver(hive, 'push')
    expect(hooks).toHaveLength(1)
    expect((await statusOf(id))?.waiting?.because).toMatch(/breaker/)
  })

  it('costs messages nothing when their webhooks cannot be signed, until there is a secret that can be read', async () => {
    await start()
    await register('push')
    const { config } = hive
    hive.config = { ...config, signingRoot: 'another root, from which other keys are derived' }
    const id = await send('push', { delivery_options: { max_attempts: 1 } })
    for (let wake = 0; wake < 3; wake++) await deliver(hive, 'push')
    expect(await statusOf(id)).toMatchObject({ status: 'pending', state: 'ready', attempts: 0 })
    hive.config = config
    // sealed anew, as by a rotation
    await register('push', endpoint(), 2)
    await deliver(hive, 'push')
    expect((await statusOf(id))?.status).toBe('delivered')
  })

  it('takes Retry-After for the least wait', async () => {
    await start()
    await register('push')
    reply = () => ({ status: 503, headers: { 'retry-after': '0' } })
    const id = await send('push', { delivery_options: { backoff: { type: 'fixed', base_seconds: 60 } } })
    await deliver(hive, 'push')
    await deliver(hive, 'push')
    expect(hooks).toHaveLength(1)
    expect((await statusOf(id))?.waiting?.until).toBeDefined()
  })

  it('asks for a wake when an agent that was off is on again', async () => {
    await start()
    await register('push')
    await send('push')
    await register('push', null, 2)
    await deliver(hive, 'push')
    hive.wakes.length = 0
    await register('push', endpoint(), 3)
    expect(hive.wakes).toContainEqual({ agent: 'push', delayMs: 0 })
    await deliver(hive, 'nobody')
  })
})

describe('the sweep', () => {
  it('looks after the others, and after history, when one inbox fails', async () => {
    await start()
    await register('push')
    await register('broken')
    hive.queueDown = true
    await send('push')
    await send('broken')
    hive.queueDown = false
    await hive.bus.ask((redis) => redis.set(hive.bus.keys.ready('broken'), 'not a zset'))
    await hive.bus.ask((redis) => redis.set(hive.bus.keys.timers('broken'), 'not a zset'))
    await expect
      .poll(async () => {
        await sweep(hive)
        return [
          hive.wakes.some((wake) => 'agent' in wake && wake.agent === 'push'),
          hive.wakes.some((wake) => 'shard' in wake),
        ]
      })
      .toEqual([true, true])
  })
})
