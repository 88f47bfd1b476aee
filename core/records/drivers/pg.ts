import pg from 'pg'
import { columnTypes } from './column-types.ts'
import { idleMs, mostConnections } from './pooling.ts'
import type { Driver, RecordsConfig, RunOptions, Value } from './run-statement.ts'

const types = columnTypes(pg.types)

/** Statements go over Postgres's own protocol: for RDS and for servers of one's own. */
export function plainPg(config: RecordsConfig, { timeoutMs }: RunOptions): Driver {
  const pool = new pg.Pool({
    connectionString: config.databaseUrl,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    max: mostConnections(config),
    idleTimeoutMillis: idleMs,
    allowExitOnIdle: true,
  })
  // a connection that broke while nobody used it: the pool has dropped it
  pool.on('error', () => {})
  return {
    async send<Row>(text: string, values: Value[]) {
      return (await pool.query({ text, values, types })).rows as Row[]
    },
    close: () => pool.end(),
  }
}
