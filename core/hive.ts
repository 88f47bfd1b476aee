import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { v7 } from 'uuid'
import { type AccessMemory, createAccessMemory } from './access/access-memory.ts'
import { type Bus, createBus } from './bus/bus.ts'
import type { HiveConfig } from './config.ts'
import type { EndpointPolicy } from './delivery/endpoint-guard.ts'
import { createQueue, type Queue } from './delivery/queue.ts'
import { createJsonLog } from './json-log.ts'
import { createObjects, type Objects } from './migration/cloud/objects.ts'
import { once } from './once.ts'
import type { Records } from './records/create-records.ts'

/** Time, in ms since the epoch. */
export type Clock = {
  now(): number
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Where identifiers and chance come from. */
export type Ids = {
  /** A UUIDv7. */
  messageId(): string
  requestId(): string
  /** In [0, 1). */
  random(): number
}

export type Log = {
  info(message: string, extra?: object): void
  warn(message: string, extra?: object): void
  error(message: string, extra?: object): void
}

/** Everything that core functions need, passed in as their first argument. */
export type Hive = {
  config: HiveConfig
  clock: Clock
  ids: Ids
  log: Log
  bus: Bus
  queue: Queue
  /** The bucket of uploaded databases. The S3 client is loaded on first use. */
  objects: Objects
  /** Postgres, imported on first use: publish and receive never pay for it. */
  records(): Promise<Records>
  /** Which addresses webhooks may be sent to. Loaded on first use: only registering and pushing need it. */
  endpoints(): Promise<EndpointPolicy>
  /** What this function instance remembers of callers. */
  access: AccessMemory
}

const systemClock: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal ? { signal } : {})
  },
}

/** Ids that random bytes are drawn for at once: each draw is a call out of JavaScript, which takes longer than all else of an id. */
const drawnIds = 256

function systemIds(): Ids {
  return { messageId: messageIds(), requestId: requestIds(), random: Math.random }
}

function messageIds(): () => string {
  const bytes = 16
  const random = new Uint8Array(bytes)
  let drawn = Buffer.alloc(0)
  let used = 0
  return () => {
    if (used === drawn.length) {
      drawn = randomBytes(drawnIds * bytes)
      used = 0
    }
    // copied, as to make a view of each 16 bytes takes longer
    for (let i = 0; i < bytes; i++) random[i] = drawn[used++] as number
    return v7({ random })
  }
}

function requestIds(): () => string {
  // a multiple of 3, so that base64url of many is that of each
  const bytes = 15
  const characters = 20
  let drawn = ''
  let used = 0
  return () => {
    if (used === drawn.length) {
      drawn = randomBytes(drawnIds * bytes).toString('base64url')
      used = 0
    }
    used += characters
    return drawn.slice(used - characters, used)
  }
}

/** Builds a hive from its configuration: the only place where clients are made. `parts` replaces some of them. */
export function createHive(
  config: HiveConfig,
  parts: Partial<Pick<Hive, 'clock' | 'ids' | 'log' | 'queue'>> & { endpoints?: EndpointPolicy } = {},
): Hive {
  const clock = parts.clock ?? systemClock
  return {
    config,
    clock,
    ids: parts.ids ?? systemIds(),
    log: parts.log ?? createJsonLog((line) => process.stdout.write(line), clock.now),
    bus: createBus(config, clock.now),
    queue: parts.queue ?? createQueue(config),
    objects: createObjects(config),
    records: once(async () => (await import('./records/create-records.ts')).createRecords(config)),
    endpoints: async () => parts.endpoints ?? (await import('./delivery/endpoint-guard.ts')).publicEndpoints,
    access: createAccessMemory(),
  }
}
