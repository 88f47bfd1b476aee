import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { RecordsConfig } from './drivers/run-statement.ts'

/** As much of a Postgres client as is needed; those of `pg` and of Neon's driver have it. */
export type SchemaClient = { query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> }

export type SchemaFile = { name: string; text: string }

/** Any number will do, as long as every version of this code takes the same one. */
const lock = 4_872_219_631

/**
 * Brings the schema of the records up to date, in one transaction: all of it or nothing. Applied files are remembered
 * with their SHA-256. Safe to repeat and to run from several places at once. Gives the names of the files it applied.
 *
 * `target` is a connection string, a connected client outside of any transaction, or a configuration, whose direct URL
 * is used. Throws an Error when an applied file has been changed or is missing here, or a new one would come before it.
 */
export async function migrateSchema(
  target: RecordsConfig | string | SchemaClient,
  files?: SchemaFile[],
): Promise<string[]> {
  const wanted = files ?? (await readSchemaFiles())
  if (typeof target !== 'string' && 'query' in target) return migrate(target, wanted)
  const { default: pg } = await import('pg')
  const url = typeof target === 'string' ? target : (target.databaseDirectUrl ?? target.databaseUrl)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await migrate(client, wanted)
  } finally {
    await client.end()
  }
}

/** The numbered SQL files, in order. Only migrating reads them: they are in no function's bundle. */
export async function readSchemaFiles(): Promise<SchemaFile[]> {
  const folder = new URL('./sql/', import.meta.url)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(new URL(name, folder), 'utf8') })))
}

async function migrate(client: SchemaClient, files: SchemaFile[]): Promise<string[]> {
  await client.query('BEGIN')
  try {
    await client.query('SELECT pg_advisory_xact_lock($1::bigint)', [lock])
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
    )`)
    const { rows } = await client.query('SELECT name, sha256 FROM schema_migrations ORDER BY name COLLATE "C"')
    const pending = pendingFiles(files, rows as AppliedFile[])
    for (const file of pending) {
      await client.query(file.text)
      await client.query('INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)', [file.name, hashOf(file)])
    }
    await client.query('COMMIT')
    return pending.map(({ name }) => name)
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

type AppliedFile = { name: string; sha256: string }

/** The files still to be applied. Those that were must be the first of `files`, unchanged. */
function pendingFiles(files: SchemaFile[], applied: AppliedFile[]): SchemaFile[] {
  for (const [index, { name, sha256 }] of applied.entries()) {
    const file = files[index]
    if (file?.name !== name) {
      const known = files.some((other) => other.name === name)
      throw new Error(
        known
          ? `${file?.name} comes before ${name}, which has been applied: give it a higher number`
          : `the database has ${name}, which is not known here: this code is older than the database`,
      )
    }
    if (hashOf(file) !== sha256) throw new Error(`${name} was changed after it had been applied: write a new file`)
  }
  return files.slice(applied.length)
}

/** Independent of how a checkout writes the ends of lines. */
function hashOf({ text }: SchemaFile): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex')
}
