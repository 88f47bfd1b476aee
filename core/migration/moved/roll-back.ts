import { HiveError } from '../../errors.ts'
import { inTransaction, type MigrationClient } from '../load/migration-client.ts'
import { alone } from '../load/migration-lock.ts'
import { rowChecksum } from '../row-checksum.ts'
import { refuseRetried } from '../run/rejected-rows.ts'
import { findRun } from './find-run.ts'
import { isHeld, movedRanges, movedTables } from './read-moved.ts'

const mostNamed = 100

/**
 * Removes exactly what a run added, in one transaction: the target rows by their ids, and what is beside the ledger. The
 * ledger's own entries of the run and its files stay, so that it can be told what was. Raises migration.unknown, and
 * migration.edited, naming the rows that were changed since and removing nothing; migration.retried, naming the run that has to
 * be rolled back first; migration.busy.
 */
export async function rollBack(client: MigrationClient, id: string): Promise<{ run: string; removed: number }> {
  return alone(client, () => remove(client, id))
}

async function remove(client: MigrationClient, id: string): Promise<{ run: string; removed: number }> {
  await client.query("SET TIME ZONE 'UTC'")
  const run = await findRun(client, id)
  if (run.state === 'rolled back') return { run: id, removed: 0 }
  await refuseRetried(client, id)
  return inTransaction(client, async () => {
    await client.query('SELECT id FROM migration_runs WHERE id = $1 FOR UPDATE', [id])
    const tables = await movedTables(client, id, run.plan.zone)
    const edited = []
    for (const table of tables) {
      for await (const range of movedRanges(client, table)) {
        if (range.outcome !== 'migrated') continue
        for (let i = 0; i < range.rows && edited.length < mostNamed; i++) {
          const values = range.values(i)
          if (typeof values !== 'string' && isHeld(values) && rowChecksum(values) === range.checksum(i)) continue
          const message = typeof values === 'string' ? values : 'has been changed'
          edited.push({ field: `${table.path} ${table.name} row ${range.first + i}`, message })
        }
      }
    }
    if (edited.length > 0) {
      throw new HiveError('migration.edited', 'Rows have been changed since they were moved; nothing was removed.', {
        errors: edited,
      })
    }
    let removed = 0
    for (const table of tables) {
      if (table.compiled.target !== 'legacy') {
        const { rowCount } = await client.query(
          `DELETE FROM ${table.compiled.target} t USING migration_ranges r
           WHERE r.table_id = $1 AND r.outcome = 'migrated' AND t.id BETWEEN r.first_id AND r.first_id + r.ids - 1`,
          [table.id],
        )
        removed += rowCount ?? 0
      }
      for (const beside of [
        'migration_kept',
        'legacy_rows',
        'migration_rejects',
        'migration_pieces',
        'migration_ranges',
        'migration_checks',
      ]) {
        const { rowCount } = await client.query(`DELETE FROM ${beside} WHERE table_id = $1`, [table.id])
        if (beside === 'legacy_rows') removed += rowCount ?? 0
      }
    }
    await client.query(
      `UPDATE migration_runs SET state = 'rolled back', step = NULL, fault = NULL, ended_at = now() WHERE id = $1`,
      [id],
    )
    return { run: id, removed }
  })
}
