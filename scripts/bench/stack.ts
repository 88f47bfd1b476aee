import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { projectAgent } from '../../core/bus/projection.ts'
import { configToEnvironment, type HiveConfig, loadConfig } from '../../core/config.ts'
import { sealSecret } from '../../core/delivery/seal.ts'
import { generateSigningSecret } from '../../core/delivery/signing-secret.ts'
import { createHive, type Hive } from '../../core/hive.ts'
import { migrateSchema } from '../../core/records/migrate-schema.ts'
import { setWarmHive } from '../../functions/warm.ts'
import { loopbackEndpoints } from '../local/loopback.ts'
import { startPostgres } from '../local/postgres/start-postgres.ts'
import { startQueues } from '../local/queues.ts'
import { startRedis } from '../local/redis/start-redis.ts'
import { type Process, startProcess } from './start-process.ts'

/** What benches run against: Redis, Postgres and both protocol servers, each a process of its own. */
export type Stack = {
  hive: Hive
  /** What a process with functions of this stack has to know. */
  environment: Record<string, string>
  /** The protocol servers. */
  processes: { upstash: Process<unknown>; neon: Process<unknown> }
  redisUrl: string
  databaseUrl: string
  /** Straight to Redis, for what a user would pick instead and for emptying it. */
  redis: Redis
  queues: Awaited<ReturnType<typeof startQueues>>
  /** What Upstash would have billed since the last reset. */
  redisStats: { read(): Promise<{ billed: number; requests: number }>; reset(): Promise<unknown> }
  /** Empties Redis and registers agents anew. */
  reset(agents: { name: string; endpoint?: string }[]): Promise<void>
  stop(): Promise<void>
}

const silent = { info: () => {}, warn: () => {}, error: () => {} }

/** Starts the stack on private servers with Redis in memory, and gives the functions of this process its hive. */
export async function startStack(settings: Partial<HiveConfig> = {}): Promise<Stack> {
  const dir = await mkdtemp(join(tmpdir(), 'agent-hive-bench-'))
  const [redisServer, postgres, queues] = await Promise.all([
    startRedis({ dir: join(dir, 'redis'), persistent: false }),
    startPostgres({ dir: join(dir, 'postgres'), persistent: false }),
    startQueues({}),
  ])
  await migrateSchema(postgres.url)
  const token = randomBytes(16).toString('hex')
  const upstash = await startProcess<{ url: string }>('../local/upstash/main.ts', {
    args: ['--redis-url', redisServer.url, '--token', token],
  })
  const neon = await startProcess<{ httpEndpoint: string; wsProxy: string }>('./neon-process.ts', {
    args: [postgres.url],
  })
  const environment = configToEnvironment({
    stage: 'bench',
    redisRestUrl: upstash.said.url,
    redisRestToken: token,
    databaseUrl: postgres.url,
    neonHttpEndpoint: neon.said.httpEndpoint,
    neonWsProxy: neon.said.wsProxy,
    sqsEndpoint: queues.endpoint,
    deliverQueueUrl: queues.deliverQueueUrl,
    historyQueueUrl: queues.historyQueueUrl,
    adminKeys: benchKey,
    signingRoot: 'the root of a bench that nobody else sees',
    // the outbox is emptied with Redis between rounds, not drained
    outboxMaxBytes: String(4 * 1024 ** 3),
    inboxMaxMessages: String(1_000_000),
    inboxMaxBytes: String(1024 ** 3),
    ...(settings as object),
  })
  const config = loadConfig(environment)
  const hive = createHive(config, { log: silent, endpoints: loopbackEndpoints })
  setWarmHive(hive)
  const redis = new Redis(redisServer.url, { maxRetriesPerRequest: null })
  const secret = generateSigningSecret()
  const headers = { authorization: `Bearer ${token}` }
  return {
    hive,
    environment,
    processes: { upstash, neon },
    redisUrl: redisServer.url,
    databaseUrl: postgres.url,
    redis,
    queues,
    redisStats: {
      read: async () => (await fetch(`${upstash.said.url}/_local/stats`, { headers })).json() as never,
      reset: () => fetch(`${upstash.said.url}/_local/stats/reset`, { method: 'POST', headers }),
    },
    async reset(agents) {
      await redis.flushdb()
      for (const { name, endpoint } of agents) {
        await projectAgent(hive, {
          name,
          endpoint: endpoint ?? null,
          endpoint_disabled_at: null,
          sealed_secrets: [sealSecret(secret, name, config.signingRoot)],
          disabled: false,
          version: 1,
          created_at: '',
          updated_at: '',
        })
      }
    },
    async stop() {
      await (await hive.records()).close()
      redis.disconnect()
      await Promise.all([upstash.stop(), neon.stop()])
      await Promise.all([redisServer.stop(), postgres.stop(), queues.stop()])
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** The admin key of the bench's own hive. */
export const benchKey = 'the-key-of-a-bench-run'
