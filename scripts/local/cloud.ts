import { join } from 'node:path'
import { ping } from '../../core/bus/ping.ts'
import { configToEnvironment, type GivenConfig, loadConfig } from '../../core/config.ts'
import { createHive, type Hive, type Log } from '../../core/hive.ts'
import { migrateSchema } from '../../core/records/migrate-schema.ts'
import { setWarmHive } from '../../functions/warm.ts'
import { type Gateway, startGateway } from './gateway/start-gateway.ts'
import { localPorts } from './local-ports.ts'
import { localSecrets } from './local-secrets.ts'
import { loopbackEndpoints } from './loopback.ts'
import { type NeonServer, startNeon } from './neon/start-neon.ts'
import { type PostgresProcess, startPostgres } from './postgres/start-postgres.ts'
import { startQueues } from './queues.ts'
import { type RedisProcess, startRedis } from './redis/start-redis.ts'
import { startS3 } from './s3/start-s3.ts'
import { startWorkers } from './start-workers.ts'
import { makeStateFolder, writeState } from './state-file.ts'
import { lockState } from './state-lock.ts'
import { startUpstash, type UpstashServer } from './upstash/start-upstash.ts'
import { withoutPassword } from './without-password.ts'

export type CloudOptions = {
  /** Folder of everything that the cloud keeps; one cloud at a time can use it. */
  stateDir: string
  /** Whether Redis and Postgres write to disk, so that a later start finds what this one had. */
  persistent: boolean
  /** Port of the gateway; else the one it had before, else 4800, else any free one. */
  port?: number
  /** A Redis and a Postgres to use instead of private ones. */
  redisUrl?: string | undefined
  databaseUrl?: string | undefined
  /** How often what was missed is looked for. */
  sweepMs?: number
  /** Settings of the hive that differ from the defaults. */
  settings?: GivenConfig
  log: Log
}

export type Cloud = {
  url: string
  adminKey: string
  hive: Hive
  /** The environment that a deployed function would have; `loadConfig` reads it. */
  environment: Record<string, string>
  gateway: Gateway
  /** Null where a server of somebody else's is used. */
  redis: RedisProcess | null
  postgres: PostgresProcess | null
  redisUrl: string
  databaseUrl: string
  upstash: UpstashServer
  neon: NeonServer
  /** Ends requests and background work, then the servers, in an order in which nothing is lost. */
  stop(): Promise<void>
}

/**
 * Starts everything that the stack has in the cloud on this machine, on 127.0.0.1 alone: Redis behind Upstash's
 * protocol, Postgres behind Neon's, SQS, S3, the functions behind a gateway, the workers and the schedule. What a failed
 * start has begun is stopped again. One cloud a process: its functions share one hive, as a warm Lambda's do.
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { stateDir, persistent, log } = options
  await using starting = new AsyncDisposableStack()
  await makeStateFolder(stateDir)
  starting.defer(await lockState(stateDir))
  const secrets = await localSecrets(stateDir)
  const ports = await localPorts(stateDir, options.port === undefined ? {} : { gateway: options.port })

  const [redis, postgres, queues, s3] = await allStarted(starting, [
    options.redisUrl ? null : startRedis({ dir: join(stateDir, 'redis'), persistent, port: ports.redis }),
    options.databaseUrl ? null : startPostgres({ dir: join(stateDir, 'postgres'), persistent, port: ports.postgres }),
    startQueues({ port: ports.queues, ...(persistent ? { dataDir: join(stateDir, 'queues') } : {}) }),
    startS3({ port: ports.s3, dir: join(stateDir, 's3') }),
  ] as const)
  const redisUrl = options.redisUrl ?? redis?.url ?? ''
  const databaseUrl = options.databaseUrl ?? postgres?.url ?? ''
  await migrateSchema(databaseUrl)

  const upstash = await startUpstash({ redisUrl, token: secrets.redis_token, port: ports.upstash })
  starting.defer(() => upstash.close())
  const neon = await startNeon({ postgresUrl: databaseUrl, port: ports.neon })
  starting.defer(() => neon.close())

  const environment = configToEnvironment({
    redisRestUrl: upstash.url,
    redisRestToken: upstash.token,
    databaseUrl,
    neonHttpEndpoint: neon.httpEndpoint,
    neonWsProxy: neon.wsProxy,
    sqsEndpoint: queues.endpoint,
    deliverQueueUrl: queues.deliverQueueUrl,
    historyQueueUrl: queues.historyQueueUrl,
    migrateQueueUrl: queues.migrateQueueUrl,
    s3Endpoint: s3.endpoint,
    migrationBucketName: 'migrations',
    migrationScratchDir: join(stateDir, 'snapshots'),
    adminKeys: secrets.admin_key,
    signingRoot: secrets.signing_root,
    ...options.settings,
  })
  const hive = createHive(loadConfig(environment), { log, endpoints: loopbackEndpoints })
  starting.defer(async () => (await hive.records()).close())
  await mustAnswer(hive, redisUrl)
  setWarmHive(hive)
  starting.defer(() => setWarmHive(undefined))

  const workers = startWorkers({ ...queues, sweepMs: options.sweepMs ?? 60_000, log })
  starting.defer(() => workers.stop())
  const gateway = await startGateway({ port: ports.gateway })
  starting.defer(() => gateway.stop())
  const adminKey = secrets.admin_key
  const connection = { url: gateway.url, admin_key: adminKey, database_url: databaseUrl }
  await writeState(stateDir, 'connection.json', connection)

  const started = starting.move()
  return {
    url: gateway.url,
    adminKey,
    hive,
    environment,
    gateway,
    redis,
    postgres,
    redisUrl,
    databaseUrl,
    upstash,
    neon,
    stop: () => started.disposeAsync(),
  }
}

async function mustAnswer(hive: Hive, redisUrl: string): Promise<void> {
  try {
    await ping(hive)
  } catch (cause) {
    throw new Error(`Redis does not answer at ${withoutPassword(redisUrl)}`, { cause })
  }
}

type Stoppable = { stop(): Promise<void> } | null

/** Waits for all, so that one that fails leaves none of the others running. */
async function allStarted<const T extends readonly (Promise<Stoppable> | null)[]>(
  stack: AsyncDisposableStack,
  starting: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  for (const outcome of await Promise.allSettled(starting)) {
    const server = outcome.status === 'fulfilled' ? outcome.value : null
    if (server) stack.defer(() => server.stop())
  }
  return (await Promise.all(starting)) as { -readonly [K in keyof T]: Awaited<T[K]> }
}
