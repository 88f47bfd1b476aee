import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { pipeline } from 'node:stream/promises'
import { foundFile } from '../analyze/found-files.ts'
import { readDatabase } from '../analyze/reading/catalogue.ts'
import { readSchema } from '../analyze/reading/damaged-schema.ts'
import { diagnoseError, diagnoseHeader, type Fault } from '../analyze/reading/diagnose.ts'
import { openHostile, readHeader } from '../analyze/reading/private-copy.ts'
import type { AnalysedColumn } from '../analyze/source.ts'
import type { FoundTable } from '../plan/check-plan.ts'
import { type Description, describeSource, hashSource } from '../run/source-file.ts'

/** What a plan is checked against, and how many rows each table has, null where that cannot be told. */
export type Catalogue = (FoundTable & { columns: AnalysedColumn[]; rows: number | null })[]

/** A database in one file: what lay beside it is in it. */
export type Snapshot = {
  /** The hash of the source, as the command takes it. */
  content: string
  /** SHA-256 of the snapshot itself. */
  sha256: string
  description: Description
  catalogue: Catalogue
}

const companions = ['-wal', '-shm', '-journal']

/**
 * Makes a snapshot of a database out of a private copy and its `-wal` or `-journal`, in its place; or says what is wrong
 * with it. Values of more bytes than `largest` will not be read.
 */
export async function makeSnapshot(file: string, largest: number): Promise<Snapshot | Fault> {
  const content = await hashSource(file)
  const { size } = await stat(file)
  const wrong = diagnoseHeader(await readHeader(file), size) ?? (await settle(file))
  if (wrong) return wrong
  const database = openHostile(file)
  if (!(database instanceof DatabaseSync)) return database
  try {
    const read = readDatabase(database, largest)
    const { tables } = foundFile({ path: '', bytes: size, state: 'readable', warnings: [], database: read })
    const catalogue = tables.map((table, at) => ({ ...table, rows: read.tables[at]?.count() ?? null })) as Catalogue
    return { content, sha256: await hashFile(file), description: describeSource(database), catalogue }
  } catch (error) {
    return diagnoseError(error)
  } finally {
    database.close()
  }
}

/** Brings what lies beside a database into it: the rows of its -wal, or what its -journal takes back. */
async function settle(file: string): Promise<Fault | undefined> {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { allowExtension: false, enableForeignKeyConstraints: false })
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
    readSchema(database)
    database.exec('PRAGMA journal_mode = DELETE')
    return undefined
  } catch (error) {
    return diagnoseError(error)
  } finally {
    database?.close()
    await Promise.all(companions.map((suffix) => rm(file + suffix, { force: true })))
  }
}

/** The SHA-256 of a file, in base 16. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
