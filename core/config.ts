import * as z from 'zod/mini'
import { once } from './once.ts'
import { readDigits } from './protocol/digits.ts'
import { faultText } from './protocol/fault-texts.ts'

/** One setting. Its schema is made when there is a value to be read: most settings of most functions have none. */
type Field<T> = { schema: () => z.ZodMiniType<T>; byDefault?: T }
type OptionalField<T> = Field<T> & { optional: true }

const required = <T>(schema: () => z.ZodMiniType<T>): Field<T> => ({ schema })
const optional = <T>(schema: () => z.ZodMiniType<T>): OptionalField<T> => ({ schema, optional: true })
const setting = <T>(byDefault: T, schema: () => z.ZodMiniType<T>): Field<T> => ({ schema, byDefault })

const whole = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  once(() => z.pipe(z.transform(readDigits), z.int().check(z.minimum(least), z.maximum(most))))
const text = once(() => z.string().check(z.minLength(1)))
const url = once(() => z.url())
const flag = once(() => z.stringbool())
const positive = whole(1)
const natural = whole(0)
const mostDays = whole(0, 36_500)

const count = (byDefault: number) => setting(byDefault, positive)
/** A duration. */
const ms = count
const days = setting(0, mostDays)

/**
 * Everything that can be set, each with its environment name (`HIVE_` + upper case of the path).
 * Durations are milliseconds, sizes are bytes. Nothing here knows whether it runs locally or in the cloud.
 */
const fields = {
  /** Name of the deployment; part of every Redis key. */
  stage: setting('local', () => z.string().check(z.regex(/^[a-z0-9-]{1,32}$/))),
  /** Deployed stages enforce sane minima of durations; see `enforceMinima`. */
  deployed: setting(false, flag),

  redisRestUrl: required(url),
  redisRestToken: required(text),
  /** Retries of one Redis REST call after a network error; must end before the function's time-out. */
  redisRetries: setting(2, natural),
  redisTimeoutMs: ms(5_000),

  /** Pooled URL for single statements. */
  databaseUrl: required(text),
  /** Direct URL for SQL migrations and bulk work; the pooled one when absent. */
  databaseDirectUrl: optional(() => z.string()),
  /** How Postgres is reached: Neon's own protocols, or Postgres's for RDS and servers of one's own. */
  recordsDriver: setting<'neon-http' | 'neon-websocket' | 'pg'>('neon-http', () =>
    z.enum(['neon-http', 'neon-websocket', 'pg']),
  ),
  /** Connections that one function keeps at most; HTTP keeps none. */
  databaseConnections: count(2),
  /** Where Neon's HTTP and WebSocket protocols are served when it is not Neon itself (the local cloud). */
  neonHttpEndpoint: optional(url),
  neonWsProxy: optional(() => z.string()),

  /** Where SQS is served when it is not AWS itself. */
  sqsEndpoint: optional(url),
  awsRegion: setting('us-east-1', () => z.string()),
  deliverQueueUrl: required(url),
  historyQueueUrl: required(url),
  /** Only the functions of migrations have this queue and the bucket. */
  migrateQueueUrl: optional(url),
  /** The bucket that databases are uploaded to, to be migrated in the cloud. */
  migrationBucketName: optional(text),
  /** Where S3 is served when it is not AWS itself. */
  s3Endpoint: optional(url),

  /** One admin key, or two during a rotation, separated by a comma. */
  adminKeys: required(() =>
    z.pipe(
      z.pipe(
        z.string(),
        z.transform((text) => text.split(',').map((key) => key.trim())),
      ),
      z.array(z.string().check(z.minLength(16))).check(z.minLength(1), z.maxLength(2)),
    ),
  ),
  /** Root from which the key that seals signing secrets is derived, and the one that API keys are made and told by. */
  signingRoot: required(() => z.string().check(z.minLength(32))),

  /** How long a warm function trusts what it knows of an API key: a revoked one is refused everywhere after that. */
  apiKeyCacheMs: setting(30_000, whole(1, 40_000)),
  /** Requests that one API key may make, a class of routes each, in one window; sustained, that is their rate. */
  rateWindowMs: setting(10_000, whole(1_000)),
  ratePublish: count(6_000),
  rateReceive: count(6_000),
  rateMetricsWrite: count(6_000),
  rateRecordsRead: count(3_000),
  rateAdmin: count(3_000),
  rateAny: count(3_000),
  rateChanges: count(300),

  /** Handicap of each priority against CRITICAL: a message is never overtaken by one accepted later than the difference. */
  offsetHighMs: ms(10_000),
  offsetMediumMs: ms(60_000),
  offsetLowMs: ms(300_000),

  inboxMaxMessages: count(100_000),
  inboxMaxBytes: count(64 * 1024 * 1024),
  inboxMaxDead: count(10_000),
  hopLimit: count(32),
  /** Estimated bytes at which a ledger or outcome hash goes on in another one: Upstash ends a record at 100 MB. */
  recordMaxBytes: count(80 * 1024 * 1024),
  /** How long a settled message's status stays readable in Redis. */
  statusRetentionMs: ms(3 * 86_400_000),
  /** How long a dead letter waits for an operator before it is discarded. */
  deadRetentionMs: ms(14 * 86_400_000),
  /** Dedup holds for a message's life plus this. */
  dedupMarginMs: ms(86_400_000),
  /** Messages that live at most this long share the short dedup ledger, so that publish looks at few buckets. */
  shortLifeMs: ms(86_400_000),
  /** Bytes of one history shard above which publish is refused until history has caught up. */
  outboxMaxBytes: count(32 * 1024 * 1024),
  /** An SQS wake that was asked for and not seen after this long counts as lost. */
  wakeGraceMs: ms(60_000),
  /** History is woken this long after a shard's first entry, so that entries are drained together. */
  historyDelayMs: setting(1_000, natural),
  topicMaxSubscribers: count(50_000),
  agentMaxSubscriptions: count(1_000),
  agentMaxCapabilities: count(200),
  /** An agent without an endpoint is live for this long after its last heartbeat. */
  agentLiveMs: ms(120_000),
  /** Capabilities for which messages may wait at the same time. */
  maxWaitingCapabilities: count(1_000),
  /** How soon a relayed message is tried again at a recipient whose inbox was full. */
  relayRetryMs: ms(5_000),
  /** `receive` calls that may wait at the same time; beyond it the answer is immediate. */
  maxWaiters: count(500),

  /** Whether log lines name the messages that they are about. */
  logMessages: setting(true, flag),

  /** Where snapshots of databases are kept while they are moved; in the folder for temporary files unless given. */
  migrationScratchDir: optional(text),
  /** Bytes of a database with its -wal or -journal that the cloud moves at most: a function has 10 GB to work in. */
  migrationMaxBytes: count(4 * 1024 ** 3),
  /** How long the URLs are good that files are uploaded to. */
  migrationUploadMs: ms(3_600_000),
  /** A batch of migration ends when its function has this much time left. */
  migrationReserveMs: ms(60_000),
  /** A step of a migration of which nothing was heard for this long is started again. */
  migrationStallMs: ms(10 * 60_000),

  /** Days after which rows are deleted from the records; 0 keeps them for good. */
  metricsDays: days,
  conversationsDays: days,
  securityEventsDays: days,
  auditDays: days,

  /** Push delivery. */
  deliveryTimeoutMs: ms(5_000),
  deliveryBudgetMs: ms(10_000),
  deliveryConcurrency: count(10),
  breakerFailures: count(5),
  breakerSlowMs: ms(3_000),
  breakerOpenMs: ms(30_000),
}

type Fields = typeof fields
type ValueOf<F> = F extends Field<infer T> ? T : never
type OptionalName = { [F in keyof Fields]: Fields[F] extends { optional: true } ? F : never }[keyof Fields]

export type HiveConfig = { [F in Exclude<keyof Fields, OptionalName>]: ValueOf<Fields[F]> } & {
  [F in OptionalName]?: ValueOf<Fields[F]> | undefined
}

/** Settings as they are given: as text, and numbers as numbers too; what is left out has its default. */
export type GivenConfig = { [F in keyof HiveConfig]?: HiveConfig[F] | string | undefined }

/** `HIVE_METRICS_DAYS` for `metricsDays`. */
export const environmentName = (field: string) =>
  `HIVE_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

/** Whether a setting is called so. */
export const isSetting = (name: string): name is keyof HiveConfig => Object.hasOwn(fields, name)

/** What an environment says of the settings that have a default: of everything but where things are and what opens them. */
export function settingsOf(env: Record<string, string | undefined>): GivenConfig {
  const names = Object.keys(fields).filter((name) => 'byDefault' in fields[name as keyof HiveConfig])
  const given = names.map((name) => [name, env[environmentName(name)]] as const)
  return Object.fromEntries(given.filter(([, value]) => value))
}

/**
 * Reads the configuration from environment variables (`HIVE_REDIS_REST_URL` for `redisRestUrl`, …). Throws as `parseConfig`.
 */
export function loadConfig(env: Record<string, string | undefined>): HiveConfig {
  const given: Record<string, string | undefined> = {}
  for (const field of Object.keys(fields)) given[field] = env[environmentName(field)] || undefined
  return parseConfig(given)
}

/**
 * Reads the settings that it knows; others are passed over. Throws one Error that names every variable that is missing or wrong;
 * values are never printed.
 */
export function parseConfig(given: GivenConfig): HiveConfig {
  const config: Record<string, unknown> = {}
  const faults: string[] = []
  for (const [name, field] of Object.entries(fields) as [keyof HiveConfig, Field<unknown> & { optional?: true }][]) {
    const value = given[name]
    if (value === undefined && 'byDefault' in field) config[name] = field.byDefault
    else if (value === undefined && !field.optional) faults.push(`${environmentName(name)}: is required`)
    else if (value !== undefined) {
      const parsed = field.schema().safeParse(value, { error: faultText })
      if (parsed.success) config[name] = parsed.data
      else faults.push(...parsed.error.issues.map(({ message }) => `${environmentName(name)}: ${message}`))
    }
  }
  if (faults.length > 0) throw new Error(`configuration is incomplete or wrong:\n  ${faults.join('\n  ')}`)
  if (config.deployed) enforceMinima(config as HiveConfig)
  return config as HiveConfig
}

/** In deployed stages a slip such as seconds for milliseconds must not melt the bill. */
function enforceMinima(config: HiveConfig): void {
  const minima = {
    statusRetentionMs: 3_600_000,
    deadRetentionMs: 3_600_000,
    dedupMarginMs: 3_600_000,
    wakeGraceMs: 10_000,
    relayRetryMs: 1_000,
    deliveryTimeoutMs: 500,
    breakerOpenMs: 1_000,
    apiKeyCacheMs: 1_000,
    migrationReserveMs: 20_000,
    migrationStallMs: 120_000,
  } satisfies Partial<Record<keyof HiveConfig, number>>
  const faults = Object.entries(minima).filter(([field, least]) => Number(config[field as keyof HiveConfig]) < least)
  if (faults.length > 0) {
    throw new Error(
      `too small for a deployed stage: ${faults.map(([field, least]) => `${environmentName(field)} < ${least}`).join(', ')}`,
    )
  }
}

/** The inverse of `loadConfig`: the environment that describes a configuration. */
export function configToEnvironment(config: GivenConfig): Record<string, string> {
  const entries = Object.entries(config).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([field, value]) => [environmentName(field), String(value)]))
}
