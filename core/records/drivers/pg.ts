import { columnTypes } from './column-types.ts'
import { pooledDriver, poolSettings } from './pooling.ts'
import type { Driver, RecordsConfig, RunOptions } from './run-statement.ts'

/** Statements go over Postgres's own protocol: for RDS and for servers of one's own. */
export async function plainPg(config: RecordsConfig, { timeoutMs }: RunOptions): Promise<Driver> {
  const { default: pg } = await import('pg')
  const settings = { connectionString: config.databaseUrl, ...poolSettings(config, timeoutMs) }
  return pooledDriver(() => new pg.Pool(settings), columnTypes(pg.types))
}
