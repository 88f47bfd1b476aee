import { createConnection, type Socket } from 'node:net'
import { type Argument, encodeCommands } from './encode-command.ts'
import { type Reply, ReplyReader } from './read-replies.ts'

/** Redis could not be asked (`sent` false) or did not answer (`sent` true: the commands may have been applied). */
export class RedisUnavailable extends Error {
  readonly sent: boolean

  constructor(sent: boolean) {
    super(sent ? 'connection to Redis was lost before it answered' : 'Redis is not reachable')
    this.name = 'RedisUnavailable'
    this.sent = sent
  }
}

export type SizedReply = { reply: Reply; bytes: number }

type Batch = {
  replies: SizedReply[]
  expected: number
  since: number
  resolve(replies: SizedReply[]): void
  reject(error: Error): void
}

const firstRetryMs = 20
const lastRetryMs = 250
const connectLimitMs = 2_000
const silenceLimitMs = 15_000

/**
 * The one connection to Redis, shared by all requests: commands are pipelined and a batch is never interleaved with
 * another, so MULTI … EXEC may be a batch. When it breaks, what waits fails at once and nothing is ever sent again,
 * since it may have been applied; it then reconnects until `close`. No queue: while it is down, `send` fails at once.
 */
export class RedisConnection {
  readonly #url: URL
  #socket: Socket | undefined
  #ready = false
  #closed = false
  #waiting: Batch[] = []
  #retryMs = firstRetryMs
  #retryTimer: NodeJS.Timeout | undefined
  readonly #watch: NodeJS.Timeout

  constructor(url: string) {
    this.#url = new URL(url)
    if (this.#url.protocol !== 'redis:') throw new Error(`not a redis:// URL: ${this.#url.protocol}//…`)
    this.#watch = setInterval(() => this.#endSilence(), 1_000)
    this.#watch.unref()
  }

  /** Connects; resolves after the first attempt, whether it succeeded (true) or not (false: it keeps trying). */
  connect(): Promise<boolean> {
    return new Promise((resolve) => this.#open(resolve))
  }

  /** Sends commands in one piece; resolves with their replies in order, rejects with RedisUnavailable. */
  send(commands: readonly (readonly Argument[])[]): Promise<SizedReply[]> {
    if (!this.#ready) return Promise.reject(new RedisUnavailable(false))
    return this.#write(commands)
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#watch)
    clearTimeout(this.#retryTimer)
    this.#socket?.destroy()
  }

  #write(commands: readonly (readonly Argument[])[]): Promise<SizedReply[]> {
    const socket = this.#socket
    if (socket === undefined) return Promise.reject(new RedisUnavailable(false))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ replies: [], expected: commands.length, since: Date.now(), resolve, reject })
      socket.write(encodeCommands(commands))
    })
  }

  #open(attempted: (connected: boolean) => void): void {
    const { hostname, port, username, password, pathname } = this.#url
    const socket = createConnection({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 6379),
      noDelay: true,
    })
    this.#socket = socket
    socket.setTimeout(connectLimitMs, () => socket.destroy())
    const waiting: Batch[] = []
    this.#waiting = waiting
    const reader = new ReplyReader((reply, bytes) => {
      const batch = waiting[0]
      if (batch === undefined) throw new Error('a reply that nobody asked for')
      batch.replies.push({ reply, bytes })
      if (batch.replies.length < batch.expected) return
      waiting.shift()
      batch.resolve(batch.replies)
    })
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.feed(chunk)
      } catch {
        socket.destroy()
      }
    })
    socket.once('connect', () => {
      const greeting: string[][] = []
      if (password !== '') {
        const secret = decodeURIComponent(password)
        greeting.push(username === '' ? ['AUTH', secret] : ['AUTH', decodeURIComponent(username), secret])
      }
      if (pathname.length > 1) greeting.push(['SELECT', pathname.slice(1)])
      greeting.push(['PING'])
      this.#write(greeting).then(
        (replies) => {
          const last = replies.at(-1)?.reply
          // Still loading its file, or a wrong password: not usable, try again later.
          if (typeof last !== 'object' || last === null || !('status' in last)) return socket.destroy()
          socket.setTimeout(0)
          this.#ready = true
          this.#retryMs = firstRetryMs
          attempted(true)
        },
        () => {},
      )
    })
    socket.on('error', () => {})
    socket.once('close', () => {
      this.#ready = false
      this.#socket = undefined
      for (const batch of waiting.splice(0)) batch.reject(new RedisUnavailable(true))
      attempted(false)
      if (this.#closed) return
      this.#retryTimer = setTimeout(() => this.#open(() => {}), this.#retryMs)
      this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs)
    })
  }

  /** A Redis that is stopped or stuck keeps its connections: end ours rather than hang. */
  #endSilence(): void {
    const oldest = this.#waiting[0]
    if (oldest !== undefined && Date.now() - oldest.since > silenceLimitMs) this.#socket?.destroy()
  }
}
