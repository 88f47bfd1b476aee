import { createHash } from 'node:crypto'
import type { Redis } from '@upstash/redis'
import type { HiveConfig } from '../config.ts'
import { HiveError } from '../errors.ts'
import { once } from '../once.ts'
import { createKeys, type Keys } from './keys.ts'
import { type Periods, periodsOf } from './periods.ts'
import { createRest } from './rest.ts'
import { createSegments, type Segments } from './segments.ts'

/** A named Lua script. `source` is complete: prelude and body. */
export type BusScript = { name: string; source: string }

/** The buckets that are current by Redis's clock, as far as the caller knows. */
export type Moment = { now: number; short: number; long: number; settled: number }

/** What a script is called with: every key it may touch, and its arguments after the shared settings. */
export type ScriptCall = { keys: string[]; args: string[] }

/** The bus's connection to Redis. Only `core/bus` uses it. */
export type Bus = {
  /** Upstash's client, imported on first use: a request that asks Postgres alone, with an admin key of the configuration, has none. */
  redis(): Promise<Redis>
  keys: Keys
  periods: Periods
  segments: Segments
  /** Redis's time in ms, estimated from the last answer that carried it; not a whole number. */
  now(): number
  /**
   * Runs one script; calls `build` again when the time buckets or segments that it declared are not those that the
   * script needs.
   */
  run(script: BusScript, requestId: string, build: (moment: Moment) => ScriptCall): Promise<unknown[]>
  /** Runs plain commands through the client, with its errors mapped. */
  ask<T>(call: (redis: Redis) => Promise<T>): Promise<T>
}

/**
 * Builds the connection. Raises `redis.unavailable` for every failure of Redis or the way to it; the client's own
 * errors carry whole commands with their payload and never leave this file.
 */
export function createBus(config: HiveConfig, now: () => number): Bus {
  const redis = once(async () => (await import('./redis-client.ts')).createRedisClient(createRest(config)))
  const periods = periodsOf(config)
  const settings = [
    periods.short,
    periods.long,
    periods.settled,
    periods.keep,
    periods.outcomes,
    config.offsetHighMs,
    config.offsetMediumMs,
    config.offsetLowMs,
    config.inboxMaxMessages,
    config.inboxMaxBytes,
    config.inboxMaxDead,
    config.hopLimit,
    config.outboxMaxBytes,
    config.deadRetentionMs,
    config.wakeGraceMs,
    config.maxWaiters,
    config.shortLifeMs,
    config.recordMaxBytes,
  ].join(' ')
  const hashes = new Map<string, string>()
  let skew = 0

  const bus: Bus = {
    redis,
    keys: createKeys(config.stage),
    periods,
    segments: createSegments(),
    now: () => now() + skew,

    async run(script, requestId, build) {
      const client = await redis()
      const hash = hashes.get(script.name) ?? createHash('sha1').update(script.source).digest('hex')
      hashes.set(script.name, hash)
      // each round learns what was missing, so more than a few mean that buckets turn faster than requests travel
      for (let round = 0; round < 20; round++) {
        const at = bus.now()
        const sent = now()
        const moment = {
          now: at,
          short: Math.floor(at / periods.short),
          long: Math.floor(at / periods.long),
          settled: Math.floor(at / periods.settled),
        }
        const { keys, args } = build(moment)
        const buckets = `${moment.short} ${moment.long} ${moment.settled}`
        const shared = `${buckets} ${settings}`
        const answer = (await evaluate(client, script, hash, keys, [shared, requestId, ...args])) as unknown[]
        // the script ran about half-way through the wait; some need no clock and tell no time
        if (answer[1] !== '') skew = Number(answer[1]) - (sent + now()) / 2
        if (answer[0] === 'segments') bus.segments.learn(answer.slice(2))
        else if (answer[0] !== 'period') return answer
      }
      throw new HiveError('redis.unavailable', 'The time buckets of Redis turn too fast.', { retryAfter: 1 })
    },

    ask: (call) => guarded(async () => call(await redis())),
  }
  return bus
}

/**
 * By the script's hash, and where Redis does not know it by its source. The client's own `createScript` does the same, but
 * hashes by Web Crypto, which is loaded and answers later: 2 ms of a cold start.
 */
async function evaluate(redis: Redis, { source }: BusScript, hash: string, keys: string[], args: string[]) {
  try {
    return await redis.evalsha(hash, keys, args)
  } catch (error) {
    if (!(error instanceof Error && /NOSCRIPT/.test(error.message))) throw told(error)
    return guarded(() => redis.eval(source, keys, args))
  }
}

/** What Redis answers to a command or a script that is wrong: trying again will not help. */
const ourFault =
  /user_script|WRONGTYPE|ERR (?:unknown|wrong number|syntax|value is not|invalid|Error (?:compiling|running))|undeclared/i

/** Turns whatever the client throws into one error without the command in it. */
async function guarded<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw told(error)
  }
}

function told(error: unknown): HiveError {
  const cause = redacted(error)
  if (ourFault.test(cause.message)) return new HiveError('internal', 'A Redis script or command is wrong.', { cause })
  return new HiveError('redis.unavailable', 'Redis does not answer; it is safe to try again.', {
    retryAfter: 1,
    cause,
  })
}

/** Keeps what Redis said and drops the command that the client appends to it. */
function redacted(error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error)
  const said = text.split(', command was:')[0] ?? ''
  return new Error(said.slice(0, 300))
}
