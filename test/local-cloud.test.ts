import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { freePort } from '../scripts/local/free-port.ts'
import { startRedis } from '../scripts/local/redis/start-redis.ts'
import { type HttpCall, httpCaller } from './http-call.ts'

const program = join(import.meta.dirname, '..', 'scripts', 'local', 'start.ts')
const publishing = { from_agent: 'me', to_agent: 'hello-agent', message_type: 'greeting', body: { text: 'kept' } }

let dir: string
let port: number
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-hive-start-'))
  port = await freePort()
})
afterAll(() => rm(dir, { recursive: true, force: true }))

type Started = { process: ChildProcess; output(): string; curls: string[]; url: string; key: string }

/** Runs what `npm start` runs, until it has said everything that it says. */
async function start(env: Record<string, string> = {}): Promise<Started> {
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, HIVE_STATE_DIR: dir, PORT: String(port), HIVE_AGENT_MAX_CAPABILITIES: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  await vi.waitFor(() => expect(text).toMatch(/inbox\/receive[\s\S]*\n$/), { timeout: 60_000, interval: 20 })
  const curls = text.match(/^curl (?:.*\\\n)*.*$/gm) ?? []
  const url = /URL +(\S+)/.exec(text)?.[1] ?? ''
  const key = /Admin key +(\S+)/.exec(text)?.[1] ?? ''
  return { process: child, output: () => text, curls, url, key }
}

/** Runs what `npm start` runs where it is to end by itself: with what it ends, and its complaint. */
async function startInVain(env: Record<string, string>): Promise<{ code: number | null; complaint: string }> {
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, HIVE_STATE_DIR: dir, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaint = ''
  child.stderr.on('data', (chunk) => (complaint += chunk))
  const [code] = await once(child, 'close')
  return { code, complaint }
}

async function redisOf({ output }: Started): Promise<number> {
  const [, port] = /redis:\/\/127\.0\.0\.1:(\d+)/.exec(output()) ?? []
  const socket = connect(Number(port), '127.0.0.1')
  socket.write('INFO server\r\n')
  let said = ''
  for await (const chunk of socket) {
    said += chunk
    const [, pid] = /process_id:(\d+)\r\n/.exec(said) ?? []
    if (pid) return Number(pid)
  }
  throw new Error('Redis did not say which process it is')
}

async function postmaster(): Promise<number> {
  return Number.parseInt(await readFile(join(dir, 'postgres', 'cluster', 'data', 'postmaster.pid'), 'utf8'), 10)
}

async function interrupt(started: Started): Promise<number | null> {
  const exited = once(started.process, 'exit')
  started.process.kill('SIGINT')
  // npm passes on the Ctrl-C that the terminal has sent already
  started.process.kill('SIGINT')
  const [code] = await exited
  return code
}

async function paste(command: string): Promise<unknown> {
  const shell = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  shell.stdout.on('data', (chunk) => (text += chunk))
  await once(shell, 'close')
  return JSON.parse(text)
}

describe('npm start', { timeout: 90_000 }, () => {
  let cloud: Started
  let call: HttpCall
  const restarted = async () => {
    cloud = await start()
    call = httpCaller(cloud.url, cloud.key)
  }
  const metric = (metric_type: string) => ({ agent_name: 'me', metric_type, value: 7 })
  beforeAll(restarted)
  afterAll(() => void cloud?.process.kill('SIGKILL'))

  it('prints commands that work when pasted', async () => {
    expect(cloud.curls).toHaveLength(2)
    expect(await paste(cloud.curls[0] ?? '')).toMatchObject({ to_agent: 'hello-agent', status: 'pending' })
    expect(await paste(cloud.curls[1] ?? '')).toMatchObject({
      messages: [{ attempt: 1, message: { from_agent: 'me', body: { text: 'Hello, hive!' } } }],
    })
  })

  it('takes settings from the environment', async () => {
    const declare = (capability: string) => call('PUT', `/v1/agents/hello-agent/capabilities/${capability}`, {})
    expect(await declare('one')).toMatchObject({ status: 201 })
    expect(await declare('two')).toMatchObject({ status: 409, body: { code: 'capability.limit' } })
  })

  it('keeps what it stores from other users, and tells the command line where it runs', async () => {
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
    expect((await stat(join(dir, 'secrets.json'))).mode & 0o777).toBe(0o600)
    const connection = JSON.parse(await readFile(join(dir, 'connection.json'), 'utf8'))
    const database_url = expect.stringMatching(/^postgresql:\/\//)
    expect(connection).toEqual({ url: cloud.url, admin_key: cloud.key, database_url })
    expect((await stat(join(dir, 'connection.json'))).mode & 0o777).toBe(0o600)
  })

  it('is refused a second time in the same folder, in one clear line', async () => {
    const complaint = `${dir} is in use by process ${cloud.process.pid}: stop that one first, or choose another folder\n`
    expect(await startInVain({})).toEqual({ code: 1, complaint })
    expect(await call('GET', '/v1/health')).toMatchObject({ status: 200 })
  })

  it('loses nothing between a stop and a start, and keeps its address and its key', async () => {
    expect((await call('POST', '/v1/messages', { ...publishing, message_id: 'kept-1' })).status).toBe(202)
    expect((await call('POST', '/v1/metrics', metric('kept'))).status).toBe(201)
    expect((await call('PUT', '/v1/agents/kept-agent', {})).status).toBe(201)
    const before = cloud
    expect(await interrupt(cloud)).toBe(0)
    await expect(stat(join(dir, 'connection.json'))).rejects.toThrow('ENOENT')

    await restarted()
    expect([cloud.url, cloud.key]).toEqual([before.url, before.key])
    const received = await call('POST', '/v1/agents/hello-agent/inbox/receive', {})
    expect(received.body).toMatchObject({ messages: [{ message: { message_id: 'kept-1', body: { text: 'kept' } } }] })
    const metrics = await call('GET', '/v1/metrics?metric_type=kept')
    expect(metrics.body).toMatchObject({ items: [{ agent_name: 'me', value: 7 }] })
    expect(await call('GET', '/v1/agents/kept-agent')).toMatchObject({ status: 200 })
  })

  it('comes back after it was killed', async () => {
    expect((await call('POST', '/v1/metrics', metric('killed'))).status).toBe(201)
    const exited = once(cloud.process, 'exit')
    cloud.process.kill('SIGKILL')
    await exited

    await restarted()
    expect(await call('GET', '/v1/metrics?metric_type=killed')).toMatchObject({ body: { items: [{ value: 7 }] } })
  })

  it.each(['Redis', 'Postgres'])('says that its %s has ended, and ends with 1', async (name) => {
    const exited = once(cloud.process, 'exit')
    process.kill(name === 'Redis' ? await redisOf(cloud) : await postmaster(), 'SIGKILL')
    expect(await exited).toEqual([1, null])
    expect(cloud.output()).toContain(`${name} has ended by itself.`)
    await expect(stat(join(dir, 'connection.json'))).rejects.toThrow('ENOENT')
    await restarted()
  })

  it('brings what Postgres knows to another Redis, so that its first command works there too', async () => {
    expect(await interrupt(cloud)).toBe(0)
    const redis = await startRedis({ dir: join(dir, 'another-redis'), persistent: false })
    onTestFinished(() => redis.stop())
    cloud = await start({ REDIS_URL: redis.url })
    expect(cloud.output()).toContain('Redis did not know the agents.')
    expect(await paste(cloud.curls[0] ?? '')).toMatchObject({ to_agent: 'hello-agent', status: 'pending' })
    expect(await interrupt(cloud)).toBe(0)
  })

  it('is refused with a Redis that does not answer, and with a port that is none', async () => {
    const nobody = `redis://127.0.0.1:${await freePort()}`
    const given = nobody.replace('//', '//:secret@')
    const complaint = `Redis does not answer at ${nobody.replace('//', '//:***@')}\n`
    expect(await startInVain({ REDIS_URL: given })).toEqual({ code: 1, complaint })
    await expect(stat(join(dir, 'connection.json'))).rejects.toThrow('ENOENT')
    for (const PORT of ['abc', '65536']) {
      expect(await startInVain({ PORT })).toEqual({
        code: 1,
        complaint: 'PORT must be a whole number from 1 to 65535\n',
      })
    }
  })
})
