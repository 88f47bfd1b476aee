import { inTransaction, type MigrationClient, rowsOf } from '../load/migration-client.ts'
import { tableEntry } from '../run/move-table.ts'
import type { PendingRun } from './pending-run.ts'
import { refuseMoved } from './refuse-moved.ts'
import type { Catalogue } from './snapshot.ts'

/** Enters what is to be moved in the ledger, all of it at once, and sets the run moving. Raises migration.changed. */
export async function beginTables(client: MigrationClient, run: PendingRun): Promise<void> {
  await inTransaction(client, async () => {
    // of two runs over the same content the later one sees what the first has entered
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('migration begin', 0))")
    await refuseMoved(client, run)
    const files = await rowsOf<{ id: string; path: string; content: string | null; catalogue: string | null }>(
      client,
      'UPDATE migration_files SET sha256 = content WHERE run_id = $1 RETURNING id, path, content, catalogue',
      [run.id],
    )
    for (const { path, tables } of run.plan.files) {
      const file = files.find((one) => one.path === path)
      if (!file?.catalogue || !file.content) continue
      const catalogue = JSON.parse(file.catalogue) as Catalogue
      for (const table of tables) {
        const source = catalogue.find(({ name }) => name === table.name)
        if (table.target === 'skip' || !source) continue
        const move = { client, fileId: file.id, hash: file.content, table, isRetry: false }
        const { id } = await tableEntry(move, source)
        await client.query('UPDATE migration_tables SET total = $2 WHERE id = $1', [id, source.rows])
      }
    }
    await client.query(
      "UPDATE migration_runs SET step = 'move', heard_at = now(), revived = 0 WHERE id = $1 AND step = 'prepare'",
      [run.id],
    )
  })
}
