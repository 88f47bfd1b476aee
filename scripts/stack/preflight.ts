import { Redis } from '@upstash/redis'
import pg from 'pg'
import { parseConfig } from '../../core/config.ts'
import { fieldsOf, type Links } from '../../core/linked-config.ts'
import { migrateSchema, readSchemaFiles } from '../../core/records/migrate-schema.ts'

export type Check = { name: string; ok: boolean; says: string }

/** The secrets of a stage, by the names that infra/secrets.ts gives them. */
export type Secrets = Record<string, string>

const names = ['RedisRestUrl', 'RedisRestToken', 'DatabaseUrl', 'DatabaseDirectUrl', 'AdminKeys', 'SigningRoot']

/**
 * Checks what a deploy needs and can be known before it: that every secret is there and of the right form, and that
 * Redis and Postgres answer. `migrate` brings the schema up to date, which is safe to repeat; without it what would be
 * applied is named. Secrets that the stack makes and has not made `yet` are left out. Values of secrets are never part of what
 * it says.
 */
export async function preflight(
  secrets: Secrets,
  { migrate, yet = [] }: { migrate: boolean; yet?: readonly string[] },
): Promise<Check[]> {
  const missing = names.filter((name) => !secrets[name] && !yet.includes(name))
  if (missing.length > 0) {
    const how = missing.map((name) => `sst secret set ${name} '…' --stage X`).join('\n    ')
    return [{ name: 'secrets', ok: false, says: `missing:\n    ${how}` }]
  }
  const form = checkForm({ ...Object.fromEntries(yet.map((name) => [name, standIn(name)])), ...secrets })
  if (!form.ok) return [form]
  const made = (name: string): Check => ({ name, ok: true, says: 'is made by the first deploy' })
  return [
    form,
    yet.includes('RedisRestUrl') ? made('Redis') : await checkRedis(secrets),
    yet.includes('DatabaseUrl') ? made('Postgres') : await checkPostgres(secrets, migrate),
  ]
}

/** Something of the form that a secret will have. */
const standIn = (name: string) => (name === 'RedisRestToken' ? 'token' : 'https://made.invalid')

function checkForm(secrets: Secrets): Check {
  const links: Links = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, { value }]))
  const stackMakes = { deliverQueueUrl: 'https://sqs.invalid/deliver', historyQueueUrl: 'https://sqs.invalid/history' }
  const known = Object.fromEntries(Object.entries(links).filter(([name]) => names.includes(name)))
  return attempt('secrets', () => {
    parseConfig(fieldsOf({ ...known, Hive: stackMakes }))
    return `${names.length} there, of the right form`
  })
}

async function checkRedis({ RedisRestUrl: url = '', RedisRestToken: token = '' }: Secrets): Promise<Check> {
  return attemptAsync('Redis', async () => {
    const redis = new Redis({ url, token, retry: false, signal: () => AbortSignal.timeout(10_000) })
    await redis.ping()
    return 'answers'
  })
}

async function checkPostgres({ DatabaseUrl, DatabaseDirectUrl }: Secrets, migrate: boolean): Promise<Check> {
  return attemptAsync('Postgres', async () => {
    await query(DatabaseUrl ?? '', 'SELECT 1')
    if (migrate) {
      const applied = await migrateSchema(DatabaseDirectUrl ?? '')
      return applied.length > 0 ? `schema brought up to date: ${applied.join(', ')}` : 'answers; schema is up to date'
    }
    const table = await query(DatabaseDirectUrl ?? '', `SELECT to_regclass('schema_migrations') IS NOT NULL AS there`)
    const rows = table[0]?.there ? await query(DatabaseDirectUrl ?? '', 'SELECT name FROM schema_migrations') : []
    const applied = new Set(rows.map(({ name }) => name))
    const pending = (await readSchemaFiles()).map(({ name }) => name).filter((name) => !applied.has(name))
    return pending.length > 0 ? `answers; deploying applies ${pending.join(', ')}` : 'answers; schema is up to date'
  })
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
