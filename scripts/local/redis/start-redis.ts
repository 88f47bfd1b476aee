import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createConnection } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../free-port.ts'
import { findRedisBinary } from './find-redis-binary.ts'

export type RedisProcess = {
  /** `redis://127.0.0.1:<port>`; stays the same over `restart`. */
  url: string
  port: number
  /** Process id of the server itself; changes with `restart`. */
  pid(): number
  /** Resolves when the server that runs now has ended, however it came to that. */
  ended(): Promise<void>
  /** Shuts down gracefully: what was acknowledged is on disk when it is persistent. Does nothing when it is not running. */
  stop(): Promise<void>
  /** Ends it with SIGKILL, as a crash would: up to a second of writes may be missing afterwards, see `sync`. */
  kill(): Promise<void>
  /** Starts it again on the same port and folder, stopping it first when it still runs. Resolves when it answers. */
  restart(): Promise<void>
}

export type RedisOptions = {
  /** Folder for its files; made when missing. */
  dir: string
  /** Append-only file in `dir` when true; memory only when false. */
  persistent: boolean
  /**
   * When the append-only file goes to the disk: each second unless given. A crash of Redis may then lose up to a second;
   * with `os`, which leaves the disk to the operating system, it loses nothing that was answered, and a crash of the
   * machine may lose more.
   */
  sync?: 'each second' | 'os'
  /** Port of 127.0.0.1; a free one when absent. */
  port?: number
}

const startTimeoutMs = 60_000
const stopTimeoutMs = 10_000
const pollMs = 10

/**
 * Starts a private Redis (or Valkey) from PATH on 127.0.0.1 and resolves when it answers PING.
 *
 * The server ends with this process however that ends, SIGKILL included: a shell between the two holds the other end
 * of a pipe and stops the server when the pipe closes. It has a process group of its own, so Ctrl-C in a terminal
 * reaches this process alone, which can then stop things in order.
 *
 * Throws an Error of one line when there is no binary, or with the server's last words when it does not come up.
 */
export async function startRedis(options: RedisOptions): Promise<RedisProcess> {
  const binary = findRedisBinary()
  if (binary === undefined) {
    throw new Error(
      'Redis is missing: put redis-server or valkey-server on PATH (Debian: apt-get install redis-server, macOS: brew install redis)',
    )
  }
  mkdirSync(options.dir, { recursive: true })

  let running = await launchOnFreePort(binary, options)
  const { port } = running
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    if (running.shell.exitCode !== null || running.shell.signalCode !== null) return
    try {
      process.kill(running.pid, signal)
    } catch {
      // It has just ended by itself; `ended` still tells when its shell is gone.
    }
    const overdue = setTimeout(() => process.kill(running.pid, 'SIGKILL'), stopTimeoutMs)
    await running.ended
    clearTimeout(overdue)
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: () => running.pid,
    ended: () => running.ended,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM')
      running = await launch(binary, options, port)
    },
  }
}

type Running = {
  shell: ChildProcessByStdio<Writable, Readable, Readable>
  pid: number
  port: number
  ended: Promise<void>
}

async function launchOnFreePort(binary: string, options: RedisOptions): Promise<Running> {
  if (options.port !== undefined) return launch(binary, options, options.port)
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(binary, options, await freePort())
    } catch (error) {
      // Somebody else may have taken the port in between.
      if (attempt === 3) throw error
    }
  }
}

// POSIX gives a background command /dev/null as its input, hence the copy of the pipe on descriptor 3. The watcher is
// ended before the shell leaves, so that it can never signal a process that got the same id later. The first line
// printed is the server's process id.
const supervise = `exec 3<&0
/bin/sh -c 'echo $$; exec "$@"' sh "$@" </dev/null 3<&- &
server=$!
(read -r _ <&3; kill "$server" 2>/dev/null) >/dev/null 2>&1 &
watcher=$!
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"`

async function launch(binary: string, options: RedisOptions, port: number): Promise<Running> {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: options.dir,
    daemonize: 'no',
    save: '',
    appendonly: options.persistent ? 'yes' : 'no',
    // with `everysec` a slow disk holds back writes that were answered; with `no` each is written before its answer
    appendfsync: options.sync === 'os' ? 'no' : 'everysec',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const shell = spawn('/bin/sh', ['-c', supervise, 'sh', binary, ...flags], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let output = ''
  let firstLine: ((line: string) => void) | undefined
  const firstLineRead = new Promise<string>((resolve) => {
    firstLine = resolve
  })
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output = (output + text).slice(-4_000)
      const end = output.indexOf('\n')
      if (end !== -1) firstLine?.(output.slice(0, end))
      if (end !== -1) firstLine = undefined
    })
  }
  shell.stdin.on('error', () => {})
  const ended = new Promise<void>((resolve) => {
    shell.once('close', () => resolve())
    shell.once('error', () => resolve())
  })

  const outcome = await Promise.race([
    firstLineRead.then(async (line) => ({ pid: Number(line), up: await answers(port, Number(line)) })),
    ended,
  ])
  if (outcome?.up !== true) {
    shell.stdin.end()
    const words = output.trim().split('\n').slice(-3).join(' | ')
    throw new Error(`Redis did not start on port ${port}: ${words}`)
  }
  // Nothing of it may keep this process alive: forgetting to stop it must not hang a test run.
  shell.unref()
  for (const stream of [shell.stdin, shell.stdout, shell.stderr]) (stream as unknown as { unref(): void }).unref()
  return { shell, pid: outcome.pid, port, ended }
}

/** Waits until the server on the port answers PING and is the process that was started, not somebody else's Redis. */
async function answers(port: number, pid: number): Promise<boolean> {
  const deadline = Date.now() + startTimeoutMs
  while (Date.now() < deadline) {
    const words = await ask(port, 'PING\r\nINFO server\r\n', /process_id:\d+[\s\S]*\r\n\r\n$|-LOADING/)
    if (words.startsWith('+PONG')) return words.includes(`process_id:${pid}\r\n`)
    await sleep(pollMs)
  }
  return false
}

/** Everything said until `complete` matches or the connection ends; empty when nobody listens. */
function ask(port: number, question: string, complete: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let said = ''
    const socket = createConnection({ host: '127.0.0.1', port }, () => socket.write(question))
    socket.setEncoding('utf8')
    socket.setTimeout(1_000, () => socket.destroy())
    socket.on('data', (text: string) => {
      said += text
      if (complete.test(said)) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
  })
}
