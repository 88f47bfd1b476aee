import { setTimeout as delay } from 'node:timers/promises'
import type { HiveConfig } from '../../config.ts'
import { toFailure } from './failure.ts'
import { neonHttp } from './neon-http.ts'
import { neonWebSocket } from './neon-websocket.ts'
import { plainPg } from './pg.ts'

export type Value = string | number | boolean | null | Value[]

/**
 * Runs one statement and gives its rows: timestamptz as Postgres's text, BIGINT as text, JSONB as it was before
 * `toJsonb`. The statement must be one that may run twice: when no answer comes it is sent again.
 * Throws `postgres.unavailable`, `request.unprocessable` for data that does not fit, `internal`.
 */
export type RunStatement = <Row>(text: string, values: Value[]) => Promise<Row[]>

/** What differs between one way to Postgres and another: one try of one statement, which throws what it likes. */
export type Driver = {
  send<Row>(text: string, values: Value[]): Promise<Row[]>
  close(): Promise<void>
}

/** As much of the configuration as records need. */
export type RecordsConfig = Pick<HiveConfig, 'databaseUrl' | 'databaseDirectUrl' | 'neonHttpEndpoint' | 'neonWsProxy'> &
  Partial<Pick<HiveConfig, 'recordsDriver' | 'databaseConnections'>>

export type RunOptions = {
  /** A statement that brought no answer is tried again for this long, counted from its first try. */
  retryMs: number
  /** How long one try may take. */
  timeoutMs: number
}

const firstPauseMs = 50

/** Each imports its package when it is called, and nothing before: that is most of what it takes to load. */
const drivers: Record<HiveConfig['recordsDriver'], (config: RecordsConfig, options: RunOptions) => Promise<Driver>> = {
  'neon-http': neonHttp,
  'neon-websocket': neonWebSocket,
  pg: plainPg,
}

/** Statements over the configured driver, which is loaded by the first of them. */
export function createRunStatement(
  config: RecordsConfig,
  options: RunOptions,
): { run: RunStatement; close(): Promise<void> } {
  let loading: Promise<Driver> | undefined
  const load = () => {
    loading ??= drivers[config.recordsDriver ?? 'neon-http'](config, options)
    return loading
  }

  async function run<Row>(text: string, values: Value[]): Promise<Row[]> {
    // not `performance.now()`, of which the first is 1 ms of a cold start; a step of the clock costs a retry at most
    const end = Date.now() + options.retryMs
    for (let pause = firstPauseMs; ; pause *= 2) {
      try {
        return await (await load()).send<Row>(text, values)
      } catch (error) {
        const failure = toFailure(error)
        // half of the pause is chance, so that those who failed together do not come back together
        const wait = pause * (0.5 + Math.random() / 2)
        if (!failure.transient || Date.now() + wait > end) throw failure.error
        await delay(wait)
      }
    }
  }

  return { run, close: async () => (await loading)?.close() }
}
