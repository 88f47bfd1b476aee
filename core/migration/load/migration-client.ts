import type { Client } from 'pg'
import { CopyIn } from './copy-in.ts'

/** A connection to Postgres of its own, outside of any transaction: `pg`'s, or Neon's over a WebSocket. */
export type MigrationClient = Pick<Client, 'query'>

/** Runs one statement and gives its rows. */
export async function rowsOf<Row>(client: MigrationClient, text: string, values: unknown[] = []): Promise<Row[]> {
  return (await client.query(text, values)).rows as Row[]
}

/** Does several things or none of them. */
export async function inTransaction<T>(client: MigrationClient, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  try {
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/** Rows to be sent by COPY, and how many they have turned out to be once all were taken. */
export type CopySource = { parts(): Iterable<Buffer>; rows(): number; readonly format?: 'text' | 'binary' }

/** Writes rows to a table by COPY. Raises when the table took fewer. */
export async function copyInto(
  client: MigrationClient,
  table: string,
  columns: readonly string[],
  source: CopySource,
): Promise<void> {
  const names = columns.map((name) => `"${name}"`).join(', ')
  const copy = new CopyIn(`COPY ${table} (${names}) FROM STDIN (FORMAT ${source.format ?? 'text'})`, source.parts())
  client.query(copy)
  const written = await copy.done
  if (written !== source.rows()) throw new Error(`${table} took ${written} of ${source.rows()} rows`)
}
