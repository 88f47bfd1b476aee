import type { Argument } from './encode-command.ts'
import type { RedisConnection } from './redis-connection.ts'

const evals = new Set(['EVAL', 'EVALSHA'])

// What can make a record larger. Reading it and taking things out of it is always allowed.
const growing = new Set(
  (
    'SET SETEX PSETEX SETNX GETSET SETRANGE APPEND HSET HSETNX HMSET LPUSH LPUSHX RPUSH RPUSHX LINSERT SADD ZADD XADD ' +
    'GEOADD PFADD'
  ).split(' '),
)

/** Of keys that got a lot since, it forgets all but this many. */
const mostCharged = 10_000

/**
 * Upstash's limit on one record (the whole hash, list, stream … under a key). A record is measured each time another
 * twentieth of the limit was sent to its key; while it is too large, commands that add to it are refused. So are
 * scripts that declare it, whatever they do with it, which is stricter than Upstash: none should ever get so far.
 */
export class RecordSizes {
  readonly #redis: RedisConnection
  readonly #limitBytes: number
  readonly #charged = new Map<string, number>()
  readonly #tooLarge = new Map<string, number>()

  constructor(redis: RedisConnection, limitBytes: number) {
    this.#redis = redis
    this.#limitBytes = limitBytes
  }

  /** Why a command may not run now; undefined when it may. `name` is in upper case. */
  refuse(name: string, command: readonly Argument[]): string | undefined {
    if (this.#tooLarge.size === 0) return undefined
    for (const key of keysOf(name, command)) {
      const bytes = this.#tooLarge.get(key)
      if (bytes === undefined) continue
      // Something may have been taken out of it by now: the next attempt will know.
      void this.#measure(key)
      return `ERR max single record size exceeded. Limit: ${this.#limitBytes} bytes, Actual: ${bytes} bytes`
    }
    return undefined
  }

  /** Takes note of a command that was sent. */
  note(name: string, command: readonly Argument[]): void {
    const keys = keysOf(name, command)
    if (keys.length === 0) return
    let bytes = 0
    for (let at = 2; at < command.length; at++) bytes += command[at]?.length ?? 0
    if (this.#charged.size > mostCharged) this.#charged.clear()
    for (const key of keys) {
      const charged = (this.#charged.get(key) ?? 0) + bytes
      if (charged * 20 < this.#limitBytes) {
        this.#charged.set(key, charged)
      } else {
        this.#charged.delete(key)
        void this.#measure(key)
      }
    }
  }

  async #measure(key: string): Promise<void> {
    try {
      const [answer] = await this.#redis.send([['MEMORY', 'USAGE', key, 'SAMPLES', '100']])
      const bytes = Number(answer?.reply ?? 0)
      if (bytes > this.#limitBytes) this.#tooLarge.set(key, bytes)
      else this.#tooLarge.delete(key)
    } catch {
      // Redis is away; it is measured when more has been sent.
    }
  }
}

function keysOf(name: string, command: readonly Argument[]): string[] {
  if (evals.has(name)) return command.slice(3, 3 + Number(command[2])).map(String)
  return growing.has(name) && command[1] !== undefined ? [String(command[1])] : []
}
