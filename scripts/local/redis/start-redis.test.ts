import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { findRedisBinary } from './find-redis-binary.ts'
import { startRedis } from './start-redis.ts'

let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hive-redis-'))
})

afterAll(() => rm(home, { recursive: true, force: true }))

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => {})
  await redis.connect()
  try {
    return await question(redis)
  } finally {
    redis.disconnect()
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a private Redis', () => {
  it('listens on loopback only, on a port of its own, and answers as soon as it is started', async () => {
    const redis = await startRedis({ dir: join(home, 'plain'), persistent: false })
    onTestFinished(() => redis.stop())
    expect(redis.port).not.toBe(6379)
    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`)
    expect(await ask(redis.url, (to) => to.config('GET', 'bind'))).toEqual(['bind', '127.0.0.1'])
    expect(await ask(redis.url, (to) => to.config('GET', 'save'))).toEqual(['save', ''])
    expect(await ask(redis.url, (to) => to.info('server'))).toContain(`process_id:${redis.pid()}\r\n`)
  })

  it('keeps its data and its port over a stop and a restart when it is persistent', async () => {
    const redis = await startRedis({ dir: join(home, 'kept'), persistent: true })
    onTestFinished(() => redis.stop())
    await ask(redis.url, (to) => to.set('key', 'value'))
    const before = redis.pid()
    await redis.stop()
    expect(isRunning(before)).toBe(false)
    await expect(ask(redis.url, (to) => to.ping())).rejects.toThrow()
    await redis.restart()
    expect(redis.pid()).not.toBe(before)
    expect(await ask(redis.url, (to) => to.get('key'))).toBe('value')
  })

  it('comes back after a kill with what was synced', async () => {
    const redis = await startRedis({ dir: join(home, 'killed'), persistent: true })
    onTestFinished(() => redis.stop())
    await ask(redis.url, async (to) => {
      await to.config('SET', 'appendfsync', 'always')
      await to.set('key', 'value')
    })
    await redis.kill()
    await redis.kill()
    await redis.restart()
    expect(await ask(redis.url, (to) => to.get('key'))).toBe('value')
  })

  it('forgets everything over a restart when it is not persistent', async () => {
    const redis = await startRedis({ dir: join(home, 'forgets'), persistent: false })
    onTestFinished(() => redis.stop())
    await ask(redis.url, (to) => to.set('key', 'value'))
    await redis.restart()
    expect(await ask(redis.url, (to) => to.dbsize())).toBe(0)
  })

  it('refuses a port that another Redis holds, and leaves that one alone', async () => {
    const first = await startRedis({ dir: join(home, 'first'), persistent: false })
    onTestFinished(() => first.stop())
    const second = startRedis({ dir: join(home, 'second'), persistent: false, port: first.port })
    await expect(second).rejects.toThrow(`Redis did not start on port ${first.port}`)
    expect(await ask(first.url, (to) => to.ping())).toBe('PONG')
  })

  it.each(['SIGKILL', 'SIGTERM'] as const)('ends when the process that started it gets %s', async (signal) => {
    const file = join(home, `owner-${signal}.mts`)
    await writeFile(
      file,
      `import { startRedis } from ${JSON.stringify(new URL('./start-redis.ts', import.meta.url).href)}
      const redis = await startRedis({ dir: ${JSON.stringify(join(home, `owned-${signal}`))}, persistent: false })
      console.log(redis.pid())
      setInterval(() => {}, 1_000)`,
    )
    const owner = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(createInterface(owner.stdout), 'line')
    const pid = Number(line)
    expect(isRunning(pid)).toBe(true)
    owner.kill(signal)
    await expect.poll(() => isRunning(pid)).toBe(false)
  })
})

describe('the binary', () => {
  it('is redis-server, else valkey-server, and only when it can be run', async () => {
    const [empty, valkey, both] = await Promise.all(
      ['empty', 'valkey', 'both'].map(async (name) => {
        const folder = join(home, 'path', name)
        await mkdir(folder, { recursive: true })
        return folder
      }),
    )
    const files = [`${valkey}/valkey-server`, `${both}/valkey-server`, `${both}/redis-server`, `${empty}/redis-server`]
    for (const file of files) await writeFile(file, '')
    for (const file of files.slice(0, 3)) await chmod(file, 0o755)
    expect(findRedisBinary(`${empty}:${valkey}`)).toBe(`${valkey}/valkey-server`)
    expect(findRedisBinary(`${valkey}:${both}`)).toBe(`${both}/redis-server`)
    expect(findRedisBinary(`${empty}`)).toBeUndefined()
  })

  it('is asked for in one line when it is missing', async () => {
    const path = process.env.PATH
    onTestFinished(() => {
      process.env.PATH = path
    })
    process.env.PATH = join(home, 'nowhere')
    const started = startRedis({ dir: join(home, 'missing'), persistent: false })
    await expect(started).rejects.toThrow(/^Redis is missing: put redis-server or valkey-server on PATH [^\n]*$/)
  })
})
