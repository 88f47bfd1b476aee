import { setTimeout as delay } from 'node:timers/promises'
import {
  Client,
  type CustomTypesConfig,
  types as defaultTypes,
  type NeonDbError,
  neon,
  neonConfig,
} from '@neondatabase/serverless'
import type { HiveConfig } from '../../config.ts'
import { fromJsonb } from '../jsonb.ts'
import { type Failure, HttpRefusal, toFailure } from './failure.ts'

export type Value = string | number | boolean | null | Value[]

/**
 * Runs one statement and gives its rows: timestamptz as Postgres's text, BIGINT as text, JSONB as it was before
 * `toJsonb`. The statement must be one that may run twice: when no answer comes it is sent again.
 * Throws `postgres.unavailable`, `request.unprocessable` for data that does not fit, `internal`.
 */
export type RunStatement = <Row>(text: string, values: Value[]) => Promise<Row[]>

/** As much of the configuration as records need. */
export type RecordsConfig = Pick<HiveConfig, 'databaseUrl' | 'databaseDirectUrl' | 'neonHttpEndpoint' | 'neonWsProxy'>

export type RunOptions = {
  /** A statement that brought no answer is tried again for this long, counted from its first try. */
  retryMs: number
  /** How long one try may take. */
  timeoutMs: number
}

type Outcome<Row> = { rows: Row[] } | Failure

/** Neon takes and gives at most 10 MiB by HTTP, and says which of the two was too large. */
const requestTooLarge = 413
const sizeStatus = new Set([requestTooLarge, 507])
/** Characters, of which most have one byte; what gets past this, Neon itself refuses. */
const mostHttpLength = 8 * 1024 * 1024
const firstPauseMs = 50

const timestamptz = 1184
const jsonb = 3802
const types: CustomTypesConfig = {
  getTypeParser(oid, format) {
    if (oid === timestamptz) return (text: string) => text
    if (oid === jsonb) return fromJsonb
    return defaultTypes.getTypeParser(oid, format)
  },
}

/**
 * Statements go over HTTP. One that is too large for it, or whose answer is, goes over a WebSocket that lives for the
 * one statement.
 */
export function createRunStatement(config: RecordsConfig, options: RunOptions): RunStatement {
  const sql = neon(config.databaseUrl)

  async function overHttp<Row>(text: string, values: Value[]): Promise<Outcome<Row>> {
    const hive: HttpOptions = config.neonHttpEndpoint === undefined ? {} : { endpoint: config.neonHttpEndpoint }
    const fetchOptions = { hive, signal: AbortSignal.timeout(options.timeoutMs) }
    try {
      return { rows: (await sql.query(text, values, { fetchOptions, types })) as Row[] }
    } catch (error) {
      const { sourceError } = error as NeonDbError
      const large = sourceError instanceof HttpRefusal && sizeStatus.has(sourceError.status)
      return large ? overWebSocket<Row>(text, values) : toFailure(error)
    }
  }

  async function overWebSocket<Row>(text: string, values: Value[]): Promise<Outcome<Row>> {
    const client = new Client({
      connectionString: config.databaseDirectUrl ?? config.databaseUrl,
      connectionTimeoutMillis: options.timeoutMs,
      query_timeout: options.timeoutMs,
    })
    if (config.neonWsProxy !== undefined) {
      const { neonConfig: own } = client
      own.wsProxy = config.neonWsProxy
      own.useSecureWebSocket = false
      own.pipelineTLS = false
      own.pipelineConnect = false
    }
    client.on('error', () => {})
    try {
      await client.connect()
      const { rows } = await client.query({ text, values, types })
      await client.end()
      return { rows: rows as Row[] }
    } catch (error) {
      // not awaited: the driver never finishes ending a connection that broke
      void client.end()
      return toFailure(error)
    }
  }

  return async <Row>(text: string, values: Value[]) => {
    const end = performance.now() + options.retryMs
    for (let pause = firstPauseMs; ; pause *= 2) {
      const outcome = await overHttp<Row>(text, values)
      if ('rows' in outcome) return outcome.rows
      // half of the pause is chance, so that those who failed together do not come back together
      const wait = pause * (0.5 + Math.random() / 2)
      if (!outcome.transient || performance.now() + wait > end) throw outcome.error
      await delay(wait)
    }
  }
}

type HttpOptions = { endpoint?: string }
type HttpInit = RequestInit & { hive?: HttpOptions }

// The driver can only be given its endpoint for the whole process. This way each statement brings its own, and
// statements that are not ours are left alone.
neonConfig.fetchFunction = async (url: string, { hive, ...init }: HttpInit): Promise<Response> => {
  if (!hive) return fetch(url, init)
  if (String(init.body).length > mostHttpLength) throw new HttpRefusal(requestTooLarge)
  const response = await fetch(hive.endpoint ?? url, init)
  if (response.ok || response.status === 400) return response
  await response.body?.cancel()
  throw new HttpRefusal(response.status)
}
