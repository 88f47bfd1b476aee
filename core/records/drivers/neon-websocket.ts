import type { ClientConfig } from '@neondatabase/serverless'
import { columnTypes } from './column-types.ts'
import { clientSettings, useProxy } from './neon-client.ts'
import { pooledDriver, poolSettings } from './pooling.ts'
import type { Driver, RecordsConfig, RunOptions } from './run-statement.ts'

/** Statements go over WebSockets that stay open while they are in use, a few at once. */
export async function neonWebSocket(config: RecordsConfig, options: RunOptions): Promise<Driver> {
  const { Client, Pool, types } = await import('@neondatabase/serverless')
  class ProxiedClient extends Client {
    constructor(settings: ClientConfig) {
      super(settings)
      useProxy(this, config)
    }
  }
  const open = () => {
    const pool = new Pool({ ...clientSettings(config, options), ...poolSettings(config, options.timeoutMs) })
    pool.Client = ProxiedClient
    return pool
  }
  return pooledDriver(open, columnTypes(types))
}
