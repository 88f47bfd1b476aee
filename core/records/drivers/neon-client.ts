import type { Client, ClientConfig } from '@neondatabase/serverless'
import type { RecordsConfig, RunOptions } from './run-statement.ts'

/** Settings of a connection to Neon over a WebSocket. */
export function clientSettings(config: RecordsConfig, { timeoutMs }: RunOptions): ClientConfig {
  return {
    connectionString: config.databaseDirectUrl ?? config.databaseUrl,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  }
}

/** Neon's driver. It is imported by whoever is about to use it, and passed on from there. */
export type Neon = typeof import('@neondatabase/serverless')

/** A connection to Neon over a WebSocket, not yet open. */
export function neonClient({ Client }: Neon, config: RecordsConfig, options: RunOptions): Client {
  const client = new Client(clientSettings(config, options))
  useProxy(client, config)
  return client
}

/** Makes a connection go where Neon's WebSockets are served when it is not Neon itself. */
export function useProxy({ neonConfig }: Client, { neonWsProxy }: RecordsConfig): void {
  if (neonWsProxy === undefined) return
  neonConfig.wsProxy = neonWsProxy
  neonConfig.useSecureWebSocket = false
  neonConfig.pipelineTLS = false
  neonConfig.pipelineConnect = false
}
