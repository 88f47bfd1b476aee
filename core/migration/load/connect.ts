import type { Client } from 'pg'
import { toFailure } from '../../records/drivers/failure.ts'
import { useProxy } from '../../records/drivers/neon-client.ts'
import type { RecordsConfig } from '../../records/drivers/run-statement.ts'
import type { MigrationClient } from './migration-client.ts'

const connectMs = 10_000

/**
 * Works on a connection of its own, which is closed in the end: Neon's over a WebSocket, or Postgres's where the records
 * are reached so. It is the direct one, as COPY and locks need. Raises postgres.unavailable when there is none to be had.
 */
export async function withMigrationClient<T>(
  config: RecordsConfig,
  work: (client: MigrationClient) => Promise<T>,
): Promise<T> {
  const client = await open(config)
  // told by the next statement
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query("SET TIME ZONE 'UTC'")
  } catch (error) {
    await client.end().catch(() => {})
    throw toFailure(error).error
  }
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

async function open(config: RecordsConfig): Promise<Client> {
  const settings = {
    connectionString: config.databaseDirectUrl ?? config.databaseUrl,
    connectionTimeoutMillis: connectMs,
  }
  if (config.recordsDriver === 'pg') {
    const { default: pg } = await import('pg')
    return new pg.Client(settings)
  }
  const { Client: NeonClient } = await import('@neondatabase/serverless')
  const client = new NeonClient(settings)
  useProxy(client, config)
  return client as unknown as Client
}
