import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from './problem.ts'

export type Connection = { url: string; key: string }
export type GivenConnection = { url?: string; key?: string }

/** Where the local cloud says how to reach it. */
function connectionFile(env: Record<string, string | undefined>): string {
  return join(env.HIVE_STATE_DIR || join(import.meta.dirname, '..', '..', '.hive'), 'connection.json')
}

/**
 * Where the hive is and how to get in: flags first, then HIVE_URL and HIVE_ADMIN_KEY, then what a running local cloud
 * wrote down. The local key is never sent to a URL that was given, only to its own.
 */
export function findConnection(
  given: GivenConnection,
  env: Record<string, string | undefined> = process.env,
  file: string = connectionFile(env),
): Connection {
  if (given.url === '') throw new UsageError('--url is empty')
  if (given.key === '') throw new UsageError('--key is empty')
  const url = given.url ?? env.HIVE_URL
  const key = checkKey(given.key ?? env.HIVE_ADMIN_KEY)
  if (url && key) return { url: checkUrl(url), key }
  const local = readLocal(file)
  if (!url && !local) {
    throw new UsageError('no hive to talk to: start the local one (npm start), or give --url or HIVE_URL')
  }
  if (!url && local) return { url: checkUrl(local.url), key: key || local.key }
  const foundUrl = checkUrl(url ?? '')
  if (local && sameOrigin(local.url, foundUrl)) return { url: foundUrl, key: local.key }
  throw new UsageError(`no key for ${foundUrl}: give --key or HIVE_ADMIN_KEY`)
}

/**
 * Where Postgres is, for commands that work on it directly: the flag, HIVE_DATABASE_DIRECT_URL, HIVE_DATABASE_URL, then
 * that of the running local cloud.
 */
export function findDatabase(
  given: string | undefined,
  env: Record<string, string | undefined> = process.env,
  file: string = connectionFile(env),
): string {
  const url = given ?? env.HIVE_DATABASE_DIRECT_URL ?? env.HIVE_DATABASE_URL ?? localDatabase(file)
  if (!url) throw new UsageError('no Postgres to work on: start the local hive (npm start), or give --postgres')
  if (!/^postgres(?:ql)?:\/\//.test(url))
    throw new UsageError('--postgres must be a URL like postgresql://user@host/name')
  return url
}

function localDatabase(file: string): string | undefined {
  try {
    const { database_url: url } = JSON.parse(readFileSync(file, 'utf8')) as { database_url?: unknown }
    return typeof url === 'string' ? url : undefined
  } catch {
    return undefined
  }
}

/** A key goes into a header. Neither it nor a part of it is ever shown. */
function checkKey(key: string | undefined): string | undefined {
  if (key && !/^[\x21-\x7e]+$/.test(key)) {
    throw new UsageError('the key holds characters that no key has: white space, or others than printable ASCII')
  }
  return key
}

function checkUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.username || parsed?.password) throw new UsageError('the URL of a hive holds no user and no password')
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new UsageError(`${JSON.stringify(url)} is not an http or https URL`)
  }
  return url
}

function sameOrigin(one: string, other: string): boolean {
  return URL.canParse(one) && new URL(one).origin === new URL(other).origin
}

function readLocal(file: string): Connection | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  try {
    const { url, admin_key: key } = JSON.parse(text) as { url?: unknown; admin_key?: unknown }
    if (typeof url === 'string' && typeof key === 'string') return { url, key }
  } catch {
    // falls through: half a file is as useless as a wrong one
  }
  throw new UsageError(`${file} does not hold a url and an admin_key`)
}
