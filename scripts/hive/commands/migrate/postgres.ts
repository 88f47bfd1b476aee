import type { Command } from 'commander'
import type { MigrationClient } from '../../../../core/migration/load/migration-client.ts'
import { findDatabase } from '../../connection.ts'

export const postgresFlag = [
  '--postgres <url>',
  'a direct connection, no pooler (default: HIVE_DATABASE_DIRECT_URL, HIVE_DATABASE_URL, else the local hive’s)',
] as const

/** Works on Postgres directly, its schema brought up to date, and closes the connections: one, and as many more as asked. */
export async function withPostgres<T>(
  { postgres }: { postgres?: string },
  work: (client: MigrationClient, more: MigrationClient[]) => Promise<T>,
  more = 0,
): Promise<T> {
  const url = findDatabase(postgres)
  const { default: pg } = await import('pg')
  const { migrateSchema } = await import('../../../../core/records/migrate-schema.ts')
  const clients = Array.from({ length: 1 + more }, () => new pg.Client({ connectionString: url }))
  const [client, ...others] = clients as [InstanceType<typeof pg.Client>, ...InstanceType<typeof pg.Client>[]]
  try {
    // told by the next statement
    for (const one of clients) one.on('error', () => {})
    await Promise.all(clients.map((one) => one.connect()))
    await migrateSchema(client)
    return await work(client, others)
  } finally {
    for (const one of clients) await one.end().catch(() => {})
  }
}

export const jsonOf = (command: Command) => command.optsWithGlobals<{ json?: boolean }>().json === true
