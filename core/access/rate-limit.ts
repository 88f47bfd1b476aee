import { leaseTokens } from '../bus/lease-tokens.ts'
import { HiveError } from '../errors.ts'
import type { Hive } from '../hive.ts'
import type { Caller } from './caller.ts'
import type { Scope } from './scopes.ts'

/**
 * Routes are limited by class, each key on its own; a class is the scope that its routes ask for, or `changes` of those
 * with which an agent changes what Postgres knows of it.
 */
export type RateClass = Scope | 'any' | 'changes'

/** Requests that Redis granted to this function instance for one key and class. */
export type TokenBlock = {
  tokens: number
  /** When what is left of them is no longer used (ms). */
  until: number
  /** How many were asked for. */
  size: number
  /** Until when requests are refused, or let through while Redis is away, without asking again (ms). */
  pause: { until: number; refuse: boolean } | null
  /** What others have left, and when all of the limit is free (ms). */
  left: number
  fullAt: number
  asking: Promise<void> | null
}

/** How a limit stands, as the RateLimit headers tell it; times in seconds. */
export type RateStanding = { name: RateClass; quota: number; windowSeconds: number; left: number; resetSeconds: number }

const firstBlock = 8
/** Of the whole limit, the part that one instance may hold: unused requests of an idle one must not starve the others. */
const mostOfQuota = 1 / 20
const pauseMs = 1_000

/**
 * Counts one request against the limit of a key and class. Requests are granted by Redis in blocks, which grow while an
 * instance uses them up: a busy function asks rarely, so that most requests cost nothing here. Null for an admin key of
 * the configuration, which has no limit: it must work when Redis has lost everything. While Redis is away requests pass.
 * Throws `rate.limited`.
 */
export async function takeToken(hive: Hive, caller: Caller, name: RateClass): Promise<RateStanding | null> {
  if (caller.keyId.startsWith('config:')) return null
  const quota = quotaOf(hive, name)
  const windowMs = hive.config.rateWindowMs
  const memoryKey = `${caller.keyId} ${name}`
  const block = hive.access.tokens.get(memoryKey) ?? newBlock()
  hive.access.tokens.set(memoryKey, block)
  for (;;) {
    const now = hive.clock.now()
    if (block.tokens > 0 && block.until > now) {
      block.tokens--
      return standing(block, name, quota, windowMs, now)
    }
    if (block.pause && block.pause.until > now) {
      if (!block.pause.refuse) return null
      const status = standing(block, name, quota, windowMs, now)
      throw new RateLimited(status, (block.pause.until - now) / 1000)
    }
    block.asking ??= ask(hive, { keyId: caller.keyId, name, quota, windowMs }, block).finally(() => {
      block.asking = null
    })
    await block.asking
  }
}

/** The refusal of a request over its limit. */
export class RateLimited extends HiveError {
  readonly standing: RateStanding

  constructor(standing: RateStanding, retryAfter: number) {
    const { name, quota, windowSeconds } = standing
    super('rate.limited', `This key may make ${quota} requests of the class ${name} in ${windowSeconds} s.`, {
      retryAfter,
    })
    this.standing = standing
  }
}

type Limit = { keyId: string; name: RateClass; quota: number; windowMs: number }

async function ask(hive: Hive, limit: Limit, block: TokenBlock): Promise<void> {
  const most = Math.max(1, Math.floor(limit.quota * mostOfQuota))
  const usedUp = block.tokens === 0 && block.until > hive.clock.now()
  block.size = Math.min(most, usedUp ? block.size * 2 : firstBlock)
  const sent = hive.clock.now()
  try {
    const { granted, left, fullInMs, nextInMs } = await leaseTokens(hive, limit, block.size)
    block.tokens = granted
    // from when they came: an answer that took long must not bring tokens that have ended
    block.until = hive.clock.now() + limit.windowMs / 2
    block.left = left
    block.fullAt = sent + fullInMs
    block.pause = granted > 0 ? null : { until: hive.clock.now() + Math.max(1, nextInMs), refuse: true }
  } catch (error) {
    if (!(error instanceof HiveError) || error.code !== 'redis.unavailable') throw error
    block.pause = { until: hive.clock.now() + pauseMs, refuse: false }
  }
}

function newBlock(): TokenBlock {
  return { tokens: 0, until: 0, size: firstBlock, pause: null, left: 0, fullAt: 0, asking: null }
}

function standing(block: TokenBlock, name: RateClass, quota: number, windowMs: number, now: number): RateStanding {
  return {
    name,
    quota,
    windowSeconds: Math.ceil(windowMs / 1000),
    left: block.left + block.tokens,
    resetSeconds: Math.max(0, Math.ceil((block.fullAt - now) / 1000)),
  }
}

function quotaOf({ config }: Hive, name: RateClass): number {
  const quotas: Record<RateClass, number> = {
    publish: config.ratePublish,
    receive: config.rateReceive,
    'metrics:write': config.rateMetricsWrite,
    'records:read': config.rateRecordsRead,
    admin: config.rateAdmin,
    any: config.rateAny,
    changes: config.rateChanges,
  }
  return quotas[name]
}
