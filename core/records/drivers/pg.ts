import pg from 'pg'
import { columnTypes } from './column-types.ts'
import { pooledDriver, poolSettings } from './pooling.ts'
import type { Driver, RecordsConfig, RunOptions } from './run-statement.ts'

/** Statements go over Postgres's own protocol: for RDS and for servers of one's own. */
export function plainPg(config: RecordsConfig, { timeoutMs }: RunOptions): Driver {
  const settings = { connectionString: config.databaseUrl, ...poolSettings(config, timeoutMs) }
  return pooledDriver(() => new pg.Pool(settings), columnTypes(pg.types))
}
