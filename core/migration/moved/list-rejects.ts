import { type MigrationClient, rowsOf } from '../load/migration-client.ts'
import { plainValue } from '../plain-value.ts'

export type Reject = { file: string; table: string; row: number; column: string; value: unknown; reason: string }

type Listed = Omit<Reject, 'value'> & { id: string; size: number }

/** Bytes of values that are read at once; of larger ones it is one at a time. */
const bytesAtOnce = 8 * 1_048_576

/**
 * Rows of a run that were rejected, in order, after some of them. Values are as SQLite has them, what is no JSON tagged. Each is
 * there until the next ones are asked for: they may be large, and many.
 */
export async function* listRejects(
  client: MigrationClient,
  run: string,
  { limit, after = 0 }: { limit: number; after?: number },
): AsyncGenerator<Reject> {
  const listed = await rowsOf<Listed>(
    client,
    // of rows that are passed over no value is looked into
    `SELECT file, "table", row, "column", reason, id, octet_length(value::text) AS size FROM (
       SELECT f.path AS file, t.name AS table, j.row::float8 AS row, j.column_name AS column, j.reason, t.id, j.value
       FROM migration_rejects j JOIN migration_tables t ON t.id = j.table_id JOIN migration_files f ON f.id = t.file_id
       WHERE f.run_id = $1 ORDER BY t.id, j.row OFFSET $2::int LIMIT $3::int
     ) AS page ORDER BY id, row`,
    [run, after, limit],
  )
  for (let at = 0; at < listed.length; ) {
    const group: Listed[] = []
    for (let bytes = 0; at < listed.length; at++) {
      const next = listed[at] as Listed
      bytes += next.size
      if (group.length > 0 && bytes > bytesAtOnce) break
      group.push(next)
    }
    const values = await valuesOf(client, group)
    for (const [place, { id: _, size: __, ...one }] of group.entries()) {
      yield { ...one, value: plainValue(JSON.parse(values[place] ?? 'null')) }
    }
  }
}

/** In the order of the rows; null for one that is gone meanwhile. */
async function valuesOf(client: MigrationClient, rows: readonly Listed[]): Promise<(string | null)[]> {
  const found = await rowsOf<{ value: string | null }>(
    client,
    `SELECT j.value::text AS value FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS one (id, row, place)
     LEFT JOIN migration_rejects j ON j.table_id = one.id AND j.row = one.row ORDER BY one.place`,
    [rows.map(({ id }) => id), rows.map(({ row }) => row)],
  )
  return found.map(({ value }) => value)
}
