import type { columnTypes } from './column-types.ts'
import type { Driver, RecordsConfig, Value } from './run-statement.ts'

/** As much of a pool as is used; `pg`'s and Neon's have it. */
type Pool = {
  query(query: { text: string; values: Value[]; types: ReturnType<typeof columnTypes> }): Promise<{ rows: unknown[] }>
  end(): Promise<void>
  on(event: 'error', listener: () => void): unknown
}

/** A connection that nobody has used for this long is closed: the next request may come to another function. */
const idleMs = 10_000

/** What both kinds of pool are told, but for where to connect. */
export function poolSettings({ databaseConnections = 2 }: RecordsConfig, timeoutMs: number) {
  return {
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    // a function serves one request at a time, which has few statements at once; every warm function has a pool
    max: databaseConnections,
    idleTimeoutMillis: idleMs,
    allowExitOnIdle: true,
  }
}

/**
 * Statements over a pool, which is opened by the first one and again by the first after a pause: a function that was
 * frozen cannot know which of its connections still stand, and would wait for an answer on one that does not.
 */
export function pooledDriver(open: () => Pool, types: ReturnType<typeof columnTypes>, now = Date.now): Driver {
  let pool: Pool | undefined
  let lastUsed = 0

  function current(): Pool {
    if (pool && now() - lastUsed > idleMs) {
      void pool.end().catch(() => {})
      pool = undefined
    }
    if (!pool) {
      pool = open()
      // a connection that broke while nobody used it: the pool has dropped it
      pool.on('error', () => {})
    }
    lastUsed = now()
    return pool
  }

  return {
    async send<Row>(text: string, values: Value[]) {
      try {
        return (await current().query({ text, values, types })).rows as Row[]
      } finally {
        lastUsed = now()
      }
    },
    async close() {
      await pool?.end()
      pool = undefined
    },
  }
}
