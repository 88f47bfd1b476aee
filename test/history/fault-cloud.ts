import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configToEnvironment, type GivenConfig, loadConfig } from '../../core/config.ts'
import { createHive, type Hive } from '../../core/hive.ts'
import { migrateSchema } from '../../core/records/migrate-schema.ts'
import { type NeonServer, startNeon } from '../../scripts/local/neon/start-neon.ts'
import { type PostgresProcess, startPostgres } from '../../scripts/local/postgres/start-postgres.ts'
import { startQueues } from '../../scripts/local/queues.ts'
import { type RedisProcess, startRedis } from '../../scripts/local/redis/start-redis.ts'
import { startUpstash, type UpstashServer } from '../../scripts/local/upstash/start-upstash.ts'
import { createRandom } from '../random.ts'
import type { Breakage } from './break-bus.ts'
import { type FaultyQueues, startFaultyQueues } from './faulty-queues.ts'

/** A process that runs all functions. `url` is where it takes requests, '' while it is not up. */
export type Functions = {
  readonly url: string
  /** How far its clock is from that of everybody else. */
  readonly skewMs: number
  /** Ends it with SIGKILL and starts another one, whose clock may be another. */
  replace(skewMs: number): Promise<void>
  /** Stops all of it for a while, as a machine that sleeps does: it goes on as if nothing had been. */
  freeze(ms: number): Promise<void>
}

/** The stack on this machine, with every boundary open to faults. */
export type FaultCloud = {
  redis: RedisProcess
  postgres: PostgresProcess
  upstash: UpstashServer
  neon: NeonServer
  queues: FaultyQueues
  functions: Functions[]
  /** A hive that looks at what there is, from this process. */
  hive: Hive
  adminKey: string
  databaseUrl: string
  /** What functions logged that is nobody's fault but ours; taken out by whoever reads it. */
  unexpected: string[]
  stop(): Promise<void>
}

/** Durations are as short as they can be, so that leases, breakers and retries run out within a run. */
export const settings = {
  offsetHighMs: 150,
  offsetMediumMs: 400,
  offsetLowMs: 800,
  inboxMaxMessages: 400,
  wakeGraceMs: 500,
  historyDelayMs: 0,
  relayRetryMs: 200,
  redisTimeoutMs: 1_000,
  redisRetries: 2,
  deliveryTimeoutMs: 300,
  deliveryBudgetMs: 800,
  breakerSlowMs: 200,
  breakerOpenMs: 150,
  rateReceive: 100_000,
  ratePublish: 100_000,
} satisfies GivenConfig

export async function startFaultCloud(options: { sweepMs: number; breakage?: Breakage }): Promise<FaultCloud> {
  const dir = await mkdtemp(join(tmpdir(), 'hive-faults-'))
  // Postgres gives up root and must still reach its folder
  await chmod(dir, 0o711)
  await using starting = new AsyncDisposableStack()
  starting.defer(() => rm(dir, { recursive: true, force: true }))
  const redis = await startRedis({ dir: join(dir, 'redis'), persistent: true, sync: 'os' })
  starting.defer(() => redis.stop())
  // its files outlive a crash of Postgres, if not one of the machine
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), persistent: false })
  starting.defer(() => postgres.stop())
  await migrateSchema(postgres.url)
  const sqs = await startQueues({ visibilitySeconds: 2 })
  starting.defer(() => sqs.stop())
  const queues = await startFaultyQueues(sqs.endpoint, createRandom(1))
  starting.defer(() => queues.close())
  const upstash = await startUpstash({ redisUrl: redis.url, token: randomBytes(16).toString('hex') })
  starting.defer(() => upstash.close())
  const neon = await startNeon({ postgresUrl: postgres.url })
  starting.defer(() => neon.close())

  const adminKey = randomBytes(16).toString('hex')
  const environment = configToEnvironment({
    redisRestUrl: upstash.url,
    redisRestToken: upstash.token,
    databaseUrl: postgres.url,
    neonHttpEndpoint: neon.httpEndpoint,
    neonWsProxy: neon.wsProxy,
    sqsEndpoint: queues.url,
    deliverQueueUrl: sqs.deliverQueueUrl.replace(sqs.endpoint, queues.url),
    historyQueueUrl: sqs.historyQueueUrl.replace(sqs.endpoint, queues.url),
    migrateQueueUrl: sqs.migrateQueueUrl,
    adminKeys: adminKey,
    signingRoot: 'a root from which these runs derive their keys',
    ...settings,
  })
  const { endpoint, deliverQueueUrl, historyQueueUrl, migrateQueueUrl } = sqs
  const unexpected: string[] = []
  const launched = () =>
    launchFunctions(
      {
        ...environment,
        QUEUES: JSON.stringify({ endpoint, deliverQueueUrl, historyQueueUrl, migrateQueueUrl }),
        SWEEP_MS: String(options.sweepMs),
        ...(options.breakage === undefined ? {} : { BREAKAGE: options.breakage }),
      },
      unexpected,
    )
  const functions = await Promise.all([launched(), launched()])
  for (const one of functions) starting.defer(() => one.stop())
  const silent = { info: () => {}, warn: () => {}, error: () => {} }
  const hive = createHive(loadConfig(environment), { log: silent })
  starting.defer(async () => (await hive.records()).close())
  const started = starting.move()
  return {
    redis,
    postgres,
    upstash,
    neon,
    queues,
    functions,
    hive,
    adminKey,
    databaseUrl: postgres.url,
    unexpected,
    stop: () => started.disposeAsync(),
  }
}

async function launchFunctions(
  environment: Record<string, string>,
  unexpected: string[],
): Promise<Functions & { stop(): Promise<void> }> {
  const file = join(import.meta.dirname, 'functions-process.ts')
  let skew = 0
  let url = ''
  let process: ChildProcess

  async function start(): Promise<void> {
    process = fork(file, { execArgv: [], env: { ...globalThis.process.env, ...environment, SKEW_MS: String(skew) } })
    const mine = process
    const up = new Promise<string>((resolve) => {
      mine.on('message', (message: { url?: string; unexpected?: string }) => {
        if (message.url !== undefined) resolve(message.url)
        if (message.unexpected !== undefined) unexpected.push(message.unexpected)
      })
    })
    const gone = once(mine, 'exit').then(() => '')
    url = await Promise.race([up, gone])
    if (url === '') throw new Error('the functions did not start')
  }

  async function kill(): Promise<void> {
    url = ''
    if (process.exitCode !== null || process.signalCode !== null) return
    const exited = once(process, 'exit')
    process.kill('SIGKILL')
    await exited
  }

  await start()
  return {
    get url() {
      return url
    },
    get skewMs() {
      return skew
    },
    async replace(skewMs) {
      await kill()
      skew = skewMs
      await start()
    },
    async freeze(ms) {
      const frozen = process
      frozen.kill('SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, ms))
      frozen.kill('SIGCONT')
    },
    stop: kill,
  }
}
