import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { isRunning } from './processes.ts'
import { type PostgresProcess, startPostgres } from './start-postgres.ts'

let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hive-postgres-'))
})

afterAll(() => rm(home, { recursive: true, force: true }))

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

describe('a persistent Postgres', () => {
  let postgres: PostgresProcess

  beforeAll(async () => {
    postgres = await startPostgres({ dir: join(home, 'kept'), persistent: true })
  }, 60_000)

  afterAll(() => postgres.stop())

  it('listens on loopback with a password and keeps fsync on', async () => {
    expect(await ask(postgres.url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
    expect(await ask(postgres.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }])
    const wrong = new URL(postgres.url)
    wrong.password = 'guess'
    await expect(ask(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed')
    expect((await stat(join(home, 'kept/cluster'))).mode & 0o777).toBe(0o700)
  })

  it('keeps committed rows, port and password through a kill', async () => {
    const { url, pid } = postgres
    await ask(url, 'CREATE TABLE kept AS SELECT 1 AS n')
    await postgres.kill()
    expect(isRunning(pid)).toBe(false)
    await expect(ask(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
    await postgres.restart()
    expect(postgres.url).toBe(url)
    expect(await ask(url, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
  })

  it('refuses a second server in the same folder, naming it', async () => {
    const second = startPostgres({ dir: join(home, 'kept'), persistent: true })
    await expect(second).rejects.toThrow(
      `already running in ${join(home, 'kept/cluster/data')} (process ${postgres.pid})`,
    )
    expect(await ask(postgres.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }])
  })

  it('starts over a pid file whose process id now belongs to somebody else', async () => {
    await postgres.kill()
    const file = join(home, 'kept/cluster/data/postmaster.pid')
    const left = (await readFile(file, 'utf8')).split('\n')
    await writeFile(file, [process.pid, ...left.slice(1)].join('\n'))
    postgres = await startPostgres({ dir: join(home, 'kept'), port: postgres.port, persistent: true })
    expect(await ask(postgres.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
  })

  it('says so when the port that was asked for is taken', async () => {
    const other = startPostgres({ dir: join(home, 'other'), port: postgres.port, persistent: false })
    await expect(other).rejects.toThrow(`port ${postgres.port} of 127.0.0.1 is taken`)
  })

  it('creates databases as copies of one that is ready, and drops them under their users', async () => {
    const template = await postgres.createDatabase('ready "made"')
    await ask(template, 'CREATE TABLE t (n INT)')
    const copy = await postgres.createDatabase('copy', { template: 'ready "made"' })
    expect(await ask(copy, 'SELECT * FROM t')).toEqual([])
    const user = new pg.Client({ connectionString: copy })
    user.on('error', () => {})
    await user.connect()
    await postgres.dropDatabase('copy')
    await expect(ask(copy, 'SELECT 1')).rejects.toThrow('does not exist')
  })
})

describe('a Postgres that does not persist', () => {
  it('leaves no data behind', async () => {
    const dir = join(home, 'passing')
    const postgres = await startPostgres({ dir, persistent: false })
    await postgres.stop()
    await expect(stat(join(dir, 'cluster'))).rejects.toThrow('ENOENT')
  })

  it('runs once when started twice at once, also in a folder that only its owner can enter', async () => {
    const dir = await mkdtemp(join(home, 'closed-'))
    await chmod(dir, 0o700)
    const start = () => startPostgres({ dir, persistent: false })
    const [first, second] = await Promise.allSettled([start(), start()])
    const outcomes = [first, second].map((one) => (one.status === 'fulfilled' ? 'started' : String(one.reason)))
    expect(outcomes.sort()).toEqual([expect.stringContaining('already running'), 'started'])
    for (const one of [first, second]) if (one.status === 'fulfilled') await one.value.stop()
  })

  it('ends, data and all, when the process that started it is killed', async () => {
    const dir = join(home, 'orphan')
    await mkdir(dir, { mode: 0o711 })
    const script = `
      import { startPostgres } from ${JSON.stringify(import.meta.resolve('./start-postgres.ts'))}
      const postgres = await startPostgres({ dir: ${JSON.stringify(dir)}, persistent: false })
      console.log(postgres.pid)
      setInterval(() => {}, 1000)`
    const launcher = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void launcher.kill('SIGKILL'))
    const pid = await new Promise<number>((resolve) => launcher.stdout.once('data', (text) => resolve(Number(text))))
    expect(isRunning(pid)).toBe(true)
    launcher.kill('SIGKILL')
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 10_000 })
    await vi.waitFor(() => expect(stat(join(dir, 'cluster'))).rejects.toThrow('ENOENT'), { timeout: 10_000 })
  })
})
