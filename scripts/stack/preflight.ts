import { Redis } from '@upstash/redis'
import pg from 'pg'
import { environmentName, type HiveConfig, isSetting, parseConfig } from '../../core/config.ts'
import { fieldsOf, type Links } from '../../core/linked-config.ts'
import { createRunStatement } from '../../core/records/drivers/run-statement.ts'
import { migrateSchema, readSchemaFiles } from '../../core/records/migrate-schema.ts'
import { givenSettings } from '../../infra/given-settings.ts'
import { stageSettings } from '../../infra/stage-settings.ts'

export type Check = { name: string; ok: boolean; says: string }

/** The secrets of a stage, by the names that infra/secrets.ts gives them. */
export type Secrets = Record<string, string>

const names = ['RedisRestUrl', 'RedisRestToken', 'DatabaseUrl', 'DatabaseDirectUrl', 'AdminKeys', 'SigningRoot']

export type PreflightOptions = {
  stage: string
  migrate: boolean
  /** What the stage is set to, as in `.env.<stage>`. */
  env?: Record<string, string | undefined>
  /** Secrets that the stack makes and has not made yet. */
  yet?: readonly string[]
}

/**
 * Checks what a deploy needs and can be known before it: that settings are known and of the right form, every secret is there and
 * of the right form, and Redis and Postgres answer in the way that functions ask them. `migrate` brings the schema up to date, which is safe to repeat; without it what would be
 * applied is named. Secrets that the stack makes and has not made `yet` are left out. Values of secrets are never part of what
 * it says.
 */
export async function preflight(
  secrets: Secrets,
  { stage, migrate, env = {}, yet = [] }: PreflightOptions,
): Promise<Check[]> {
  const set = checkSettings(env)
  const missing = names.filter((name) => !secrets[name] && !yet.includes(name))
  if (missing.length > 0) {
    const how = missing.map((name) => `npx sst secret set ${name} '…' --stage ${stage}`).join('\n    ')
    return [set, { name: 'secrets', ok: false, says: `missing:\n    ${how}` }]
  }
  const links = linksOf({ ...Object.fromEntries(yet.map((name) => [name, standIn(name)])), ...secrets })
  const form = attempt('secrets', () => {
    parseConfig(fieldsOf({ ...links, Hive: stackMakes }))
    return `${names.length} there, of the right form`
  })
  if (!form.ok || !set.ok) return [set, form]
  const config = parseConfig(fieldsOf({ ...links, Hive: { ...stackMakes, ...givenSettings(env) } }))
  const made = (name: string): Check => ({ name, ok: true, says: 'is made by the first deploy' })
  return [
    set,
    form,
    yet.includes('RedisRestUrl') ? made('Redis') : await checkRedis(secrets),
    yet.includes('DatabaseUrl') ? made('Postgres') : await checkPostgres(config, migrate),
  ]
}

/** Something of the form that a secret will have. */
const standIn = (name: string) => (name === 'RedisRestToken' ? 'token' : `https://made.invalid/${'x'.repeat(32)}`)
const stackMakes = { deliverQueueUrl: 'https://sqs.invalid/deliver', historyQueueUrl: 'https://sqs.invalid/history' }

const linksOf = (secrets: Secrets): Links =>
  Object.fromEntries(names.flatMap((name) => (secrets[name] ? [[name, { value: secrets[name] }]] : [])))

/** A function with a wrong setting would not start, and one with a misspelt name would have its default. */
function checkSettings(env: Record<string, string | undefined>): Check {
  return attempt('settings', () => {
    stageSettings(env, false)
    if (env.UPSTASH_API_KEY && !env.UPSTASH_EMAIL) throw new Error('UPSTASH_API_KEY is given without UPSTASH_EMAIL')
    const settings = givenSettings(env)
    const given = Object.keys(settings)
    const unknown = given.filter((name) => !isSetting(name))
    if (unknown.length > 0) throw new Error(`${unknown.map(asGiven).join(', ')}: core/config.ts has no such field`)
    const links = Object.fromEntries(names.map((name) => [name, { value: standIn(name) }]))
    try {
      parseConfig(fieldsOf({ ...links, Hive: { ...stackMakes, ...settings, deployed: 'true' } }))
    } catch (error) {
      const rename = (text: string, name: string) =>
        text.replaceAll(new RegExp(`\\b${environmentName(name)}\\b`, 'g'), asGiven(name))
      throw new Error(given.reduce(rename, reason(error)))
    }
    return given.length === 0 ? 'fields have their defaults' : `${given.map(asGiven).join(', ')} of the right form`
  })
}

const asGiven = (name: string) => `HIVE_SET_${name}`

async function checkRedis({ RedisRestUrl: url = '', RedisRestToken: token = '' }: Secrets): Promise<Check> {
  return attemptAsync('Redis', async () => {
    const redis = new Redis({ url, token, retry: false, signal: () => AbortSignal.timeout(10_000) })
    await redis.ping()
    return 'answers'
  })
}

async function checkPostgres(config: HiveConfig, migrate: boolean): Promise<Check> {
  return attemptAsync('Postgres', async () => {
    await askAsFunctionsDo(config)
    const direct = config.databaseDirectUrl ?? ''
    if (migrate) {
      const applied = await migrateSchema(direct)
      return applied.length > 0 ? `schema brought up to date: ${applied.join(', ')}` : 'answers; schema is up to date'
    }
    const table = await query(direct, `SELECT to_regclass('schema_migrations') IS NOT NULL AS there`)
    const rows = table[0]?.there ? await query(direct, 'SELECT name FROM schema_migrations') : []
    const applied = new Set(rows.map(({ name }) => name))
    const pending = (await readSchemaFiles()).map(({ name }) => name).filter((name) => !applied.has(name))
    return pending.length > 0 ? `answers; deploying applies ${pending.join(', ')}` : 'answers; schema is up to date'
  })
}

/** Over Neon's HTTP, unless the stage has another driver: a Postgres may answer to one and not to the other. */
async function askAsFunctionsDo(config: HiveConfig): Promise<void> {
  const { run, close } = createRunStatement(config, { retryMs: 0, timeoutMs: 10_000 })
  try {
    await run('SELECT 1', [])
  } catch (error) {
    throw new Error(`with DatabaseUrl and the driver ${config.recordsDriver}: ${reason(error)}`)
  } finally {
    await close()
  }
}

async function query(connectionString: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

function attempt(name: string, work: () => string): Check {
  try {
    return { name, ok: true, says: work() }
  } catch (error) {
    return { name, ok: false, says: reason(error) }
  }
}

async function attemptAsync(name: string, work: () => Promise<string>): Promise<Check> {
  return work().then(
    (says) => ({ name, ok: true, says }),
    (error) => ({ name, ok: false, says: reason(error) }),
  )
}

/** Clients name hosts and causes, never passwords. */
const reason = (error: unknown) =>
  error instanceof AggregateError
    ? error.errors.map((one) => String(one.message)).join('; ')
    : error instanceof Error
      ? [error.message, error.cause instanceof Error ? error.cause.message : ''].filter(Boolean).join(': ')
      : String(error)
