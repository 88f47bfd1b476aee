import { type ChildProcess, spawn } from 'node:child_process'
import { open, readFile, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from '../free-port.ts'
import { type Cluster, openCluster, superuser } from './cluster.ts'
import { childrenOf, commandOf, isRunning } from './processes.ts'

export type PostgresProcess = {
  /** Connection string of the database `hive`. */
  readonly url: string
  readonly port: number
  /** Process id of the server that runs now. */
  readonly pid: number
  /** Resolves when the server that runs now has ended, however it came to that. */
  ended(): Promise<void>
  /** Stops in good order; what was not to persist is deleted. */
  stop(): Promise<void>
  /** Kills the server and all its processes at once, as a crash of the machine would. `restart` brings it back. */
  kill(): Promise<void>
  /** Starts again with the same port and data, stopping first if it runs. */
  restart(): Promise<void>
  /** Creates a database, empty or as a copy of `template` (to which nobody may be connected); gives its connection string. */
  createDatabase(name: string, options?: { template?: string }): Promise<string>
  /** Drops a database, whoever is connected to it. */
  dropDatabase(name: string): Promise<void>
}

export type PostgresOptions = {
  /** Folder of the server's own; created if missing. */
  dir: string
  /** A port of 127.0.0.1; any free one by default. */
  port?: number
  /** Whether the data outlives `stop()`. If not, the server also leaves out fsync. */
  persistent: boolean
}

const startTimeoutMs = 60_000
/** How long a server whose launcher was killed may take to notice. */
const orphanMs = 3_000

/**
 * Starts a Postgres of our own on 127.0.0.1, creating its data on first use. It ends with this process, however that
 * ends. What a crash left behind is cleared away; a server that is alive in the same folder is an error that names it.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresProcess> {
  const dir = resolve(options.dir)
  const cluster = await openCluster(dir, { durable: options.persistent })
  await clearLeftovers(cluster.data)

  let port = options.port ?? (await freePort())
  let server = await launch(cluster, dir, port, options.persistent).catch(async (error: unknown) => {
    if (options.port !== undefined || !(error instanceof PortTaken)) throw error
    port = await freePort()
    return launch(cluster, dir, port, options.persistent)
  })

  const urlOf = (database: string) =>
    `postgresql://${superuser}:${cluster.password}@127.0.0.1:${port}/${encodeURIComponent(database)}`
  const command = async (build: (client: pg.Client) => string) => {
    const client = new pg.Client({ connectionString: urlOf('postgres') })
    client.on('error', () => {})
    await client.connect()
    try {
      await client.query(build(client))
    } finally {
      await client.end()
    }
  }
  const createDatabase = async (name: string, { template = 'template0' } = {}) => {
    await command((client) => {
      const [database, source] = [client.escapeIdentifier(name), client.escapeIdentifier(template)]
      return `CREATE DATABASE ${database} TEMPLATE ${source}`
    })
    return urlOf(name)
  }
  await createDatabase('hive').catch((error: { code?: string }) => {
    if (error.code !== '42P04') throw error // exists already
  })

  return {
    get url() {
      return urlOf('hive')
    },
    get port() {
      return port
    },
    get pid() {
      return server.pid
    },
    ended: () => server.ended,
    async stop() {
      await server.stop()
      if (!options.persistent) await rm(join(dir, 'cluster'), { recursive: true, force: true })
    },
    kill: () => server.kill(),
    async restart() {
      await server.stop()
      server = await launch(cluster, dir, port, options.persistent)
    },
    createDatabase,
    dropDatabase: (name) =>
      command((client) => `DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`),
  }
}

class PortTaken extends Error {}

type Server = { pid: number; ended: Promise<void>; stop(): Promise<void>; kill(): Promise<void> }

async function launch(cluster: Cluster, dir: string, port: number, persistent: boolean): Promise<Server> {
  const deadline = Date.now() + startTimeoutMs
  for (;;) {
    const started = await attempt(cluster, dir, port, persistent, deadline)
    if (typeof started !== 'string') return started
    // processes of a killed server hold its shared memory until they notice, a moment later
    const passing = started.includes('pre-existing shared memory block') && Date.now() < deadline
    if (!passing) throw failure(dir, port, started)
    await delay(100)
  }
}

function failure(dir: string, port: number, log: string): Error {
  if (log.includes('lock file "postmaster.pid" already exists')) return alreadyRunning(dir)
  if (/could not bind|Address already in use/.test(log)) return new PortTaken(`port ${port} of 127.0.0.1 is taken`)
  const reason = log.trim().split('\n').slice(-5).join('\n')
  return new Error(`Postgres did not start in ${dir}:\n${reason}`)
}

/** Starts the server once; gives the end of its log when it ends instead of becoming ready. */
async function attempt(
  cluster: Cluster,
  dir: string,
  port: number,
  persistent: boolean,
  deadline: number,
): Promise<Server | string> {
  const logFile = join(dir, 'postgres.log')
  const log = await open(logFile, 'w', 0o600)
  const { program, args, options } = cluster.account.command(cluster.binaries.postgres, [
    '-D',
    cluster.data,
    ...settings(port, persistent).flatMap((setting) => ['-c', setting]),
  ])
  const child = spawn(program, args, {
    ...options,
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', log.fd, log.fd],
    // out of the terminal's process group: Ctrl-C reaches only us, and we stop things in order
    detached: true,
  })
  const ended = new Promise<void>((end) => {
    child.once('exit', () => end())
    child.once('error', () => end())
  })
  await log.close()
  // the server must not keep this process alive
  child.unref()

  while (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    if (Date.now() > deadline) {
      child.kill('SIGKILL')
      break
    }
    const { pid, status } = await readPidFile(cluster.data)
    if (pid === child.pid && status === 'ready') return serve(child, child.pid, ended, persistent ? '' : dir)
    await Promise.race([ended, delay(15)])
  }
  return readFile(logFile, 'utf8')
}

function settings(port: number, persistent: boolean): string[] {
  return [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'timezone=UTC',
    'log_timezone=UTC',
    // statements and their errors are the callers' business, and may hold their data
    'log_min_messages=log',
    'log_min_error_statement=panic',
    'jit=off',
    ...(persistent ? [] : ['fsync=off', 'full_page_writes=off']),
  ]
}

function serve(child: ChildProcess, pid: number, ended: Promise<void>, dirToDelete: string): Server {
  const lifeline = tieToThisProcess(pid, dirToDelete)
  void ended.then(() => lifeline.kill('SIGKILL'))
  return {
    pid,
    ended,
    async stop() {
      child.ref()
      child.kill('SIGINT') // "fast": ends the sessions, then shuts down in good order
      await ended
    },
    async kill() {
      child.ref()
      const processes = [pid, ...(await childrenOf(pid))]
      for (const each of processes) kill(each)
      await ended
      while (processes.some(isRunning)) await delay(5)
    },
  }
}

/** A shell that waits for the end of its input, which is our own end, and then stops the server. */
function tieToThisProcess(pid: number, dirToDelete: string): ChildProcess {
  const script =
    'read _; kill -INT "$0" 2>/dev/null; [ -z "$1" ] && exit; while kill -0 "$0" 2>/dev/null; do sleep 0.1; done; rm -rf "$1/cluster"'
  const lifeline = spawn('/bin/sh', ['-c', script, String(pid), dirToDelete], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    detached: true,
  })
  lifeline.unref()
  const input = lifeline.stdin as Socket
  input.unref()
  input.on('error', () => {})
  return lifeline
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended by itself
  }
}

/**
 * Sees to the pid file of an earlier server. Postgres itself removes one whose process is gone, but not one whose
 * process id now belongs to somebody else, as happens after a reboot.
 */
async function clearLeftovers(data: string): Promise<void> {
  const deadline = Date.now() + orphanMs
  for (;;) {
    const { pid, status } = await readPidFile(data)
    if (pid === undefined || !isRunning(pid)) return
    if (!(await commandOf(pid))?.includes(data)) {
      await rm(join(data, 'postmaster.pid'), { force: true })
      return
    }
    // a launcher that was killed leaves a server that shuts down right now
    if (status !== 'stopping' && Date.now() > deadline) throw alreadyRunning(data, pid)
    await delay(50)
  }
}

function alreadyRunning(data: string, pid?: number): Error {
  return new Error(
    `a Postgres is already running in ${data}${pid === undefined ? '' : ` (process ${pid})`}; stop it first`,
  )
}

async function readPidFile(data: string): Promise<{ pid?: number; status?: string }> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const pid = Number.parseInt(lines[0] ?? '', 10)
  const status = lines[7]?.trim()
  return { ...(pid > 0 ? { pid } : {}), ...(status ? { status } : {}) }
}
