import { Client, type ClientConfig, types as defaultTypes, Pool } from '@neondatabase/serverless'
import { columnTypes } from './column-types.ts'
import { clientSettings, useProxy } from './neon-client.ts'
import { idleMs, mostConnections } from './pooling.ts'
import type { Driver, RecordsConfig, RunOptions, Value } from './run-statement.ts'

const types = columnTypes(defaultTypes)

/** Statements go over WebSockets that stay open while they are in use, a few at once. */
export function neonWebSocket(config: RecordsConfig, options: RunOptions): Driver {
  const pool = new Pool({
    ...clientSettings(config, options),
    max: mostConnections(config),
    idleTimeoutMillis: idleMs,
    allowExitOnIdle: true,
  })
  pool.Client = class extends Client {
    constructor(settings: ClientConfig) {
      super(settings)
      useProxy(this, config)
    }
  }
  // a connection that broke while nobody used it: the pool has dropped it
  pool.on('error', () => {})
  return {
    async send<Row>(text: string, values: Value[]) {
      return (await pool.query({ text, values, types })).rows as Row[]
    },
    close: () => pool.end(),
  }
}
