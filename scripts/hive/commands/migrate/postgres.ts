import type { Command } from 'commander'
import type { MigrationClient } from '../../../../core/migration/load/migration-client.ts'
import { findDatabase } from '../../connection.ts'

export const postgresFlag = [
  '--postgres <url>',
  'a direct connection, no pooler (default: HIVE_DATABASE_DIRECT_URL, HIVE_DATABASE_URL, else the local hive’s)',
] as const

/** Works on Postgres directly, its schema brought up to date, and closes the connection. */
export async function withPostgres<T>(
  { postgres }: { postgres?: string },
  work: (client: MigrationClient) => Promise<T>,
): Promise<T> {
  const url = findDatabase(postgres)
  const { default: pg } = await import('pg')
  const { migrateSchema } = await import('../../../../core/records/migrate-schema.ts')
  const client = new pg.Client({ connectionString: url })
  // told by the next statement
  client.on('error', () => {})
  await client.connect()
  try {
    await migrateSchema(client)
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

export const jsonOf = (command: Command) => command.optsWithGlobals<{ json?: boolean }>().json === true
