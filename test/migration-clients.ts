import { Client as NeonClient } from '@neondatabase/serverless'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import type { MigrationClient } from '../core/migration/load/migration-client.ts'
import { useProxy } from '../core/records/drivers/neon-client.ts'
import { borrow } from './borrow.ts'

type Lent = { databaseUrl: string; neonHttpEndpoint: string; neonWsProxy: string }

const clients = {
  pg: ({ databaseUrl }: Lent) => new pg.Client({ connectionString: databaseUrl }),
  neon(lent: Lent) {
    const client = new NeonClient(lent.databaseUrl)
    useProxy(client, lent)
    return client
  },
}

/** Each client that a migration may have, by its package's name, and how one is connected to a database of a test's own. */
export const migrationClients = Object.entries(clients).map(
  ([name, make]): [name: string, connect: () => Promise<MigrationClient>] => [
    name,
    async () => {
      // both have what the type of pg's says
      const client = make(JSON.parse(await borrow('database')) as Lent) as pg.Client
      client.on('error', () => {})
      await client.connect()
      onTestFinished(async () => {
        await client.end()
      })
      return client
    },
  ],
)
