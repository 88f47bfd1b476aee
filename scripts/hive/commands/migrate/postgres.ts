import type { Command } from 'commander'
import type { MigrationClient } from '../../../../core/migration/load/migration-client.ts'
import { findDatabase } from '../../connection.ts'
import { HiveUnreachable } from '../../problem.ts'

export const postgresFlag = [
  '--postgres <url>',
  'a direct connection, no pooler (default: HIVE_DATABASE_DIRECT_URL, HIVE_DATABASE_URL, else the local hive’s)',
] as const

/** A compute that sleeps takes seconds to wake. */
const connectionTimeoutMillis = 30_000

/** Works on Postgres directly, its schema brought up to date, and closes the connections: one, and as many more as asked. */
export async function withPostgres<T>(
  { postgres }: { postgres?: string },
  work: (client: MigrationClient, more: MigrationClient[]) => Promise<T>,
  more = 0,
): Promise<T> {
  const url = findDatabase(postgres)
  const { default: pg } = await import('pg')
  const { migrateSchema } = await import('../../../../core/records/migrate-schema.ts')
  const clients = Array.from(
    { length: 1 + more },
    () => new pg.Client({ connectionString: url, connectionTimeoutMillis }),
  )
  const [client, ...others] = clients as [InstanceType<typeof pg.Client>, ...InstanceType<typeof pg.Client>[]]
  try {
    // told by the next statement
    for (const one of clients) one.on('error', () => {})
    await Promise.all(clients.map((one) => one.connect())).catch((error: Error) => {
      throw notConnected(new URL(url).host, error)
    })
    await migrateSchema(client)
    return await work(client, others)
  } finally {
    for (const one of clients) await one.end().catch(() => {})
  }
}

/** Postgres names a severity where it has answered; where nobody has, Node may give one reason for each address. */
function notConnected(host: string, error: Error): Error {
  if ('severity' in error) return new Error(`Postgres at ${host} refuses: ${error.message}`)
  const [first = error] = error instanceof AggregateError ? (error.errors as Error[]) : []
  return new HiveUnreachable(`Postgres at ${host} does not answer: ${first.message}`)
}

export const jsonOf = (command: Command) => command.optsWithGlobals<{ json?: boolean }>().json === true
