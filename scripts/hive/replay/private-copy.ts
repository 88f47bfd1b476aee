import { copyFile, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** A file that cannot be replayed, said by its true name. */
export class SourceFault extends Error {
  override readonly name = 'SourceFault'
}

export type PrivateCopy = {
  database: DatabaseSync
  /** What a careful reader should know although the file was read. */
  warnings: string[]
  close(): Promise<void>
}

const companions = ['', '-wal', '-journal']
const copyAttempts = 5

/**
 * Opens a private copy of a SQLite file, made together with its `-wal` or `-journal`: the source is only ever read, and
 * rows that were never checkpointed are there. Raises SourceFault for what is no readable database.
 */
export async function openPrivateCopy(file: string): Promise<PrivateCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'hive-replay-'))
  const discard = () => rm(folder, { recursive: true, force: true })
  try {
    const copy = join(folder, basename(file))
    const warnings = await copyQuietly(file, copy)
    const database = openHostile(file, copy)
    const close = async () => {
      database.close()
      await discard()
    }
    return { database, warnings, close }
  } catch (error) {
    await discard()
    throw error
  }
}

/** Copies until the source was the same before and after: a writer in between would leave a torn copy. */
async function copyQuietly(file: string, copy: string): Promise<string[]> {
  for (let attempt = 0; attempt < copyAttempts; attempt++) {
    const before = await fingerprint(file)
    for (const suffix of companions) {
      await rm(copy + suffix, { force: true })
      if (before.has(suffix)) await copyFile(file + suffix, copy + suffix)
    }
    if (sameFingerprint(before, await fingerprint(file))) return warningsOf(file, before.has('-wal'))
  }
  throw new SourceFault('it is being written to all the time; stop its writer and try again')
}

async function fingerprint(file: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const suffix of companions) {
    const stats = await stat(file + suffix, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      if (suffix !== '' && error.code === 'ENOENT') return undefined
      throw new SourceFault(error.code === 'ENOENT' ? 'there is no such file' : error.message)
    })
    if (suffix === '' && !stats?.isFile()) throw new SourceFault('it is not a file')
    if (stats) found.set(suffix, `${stats.ino} ${stats.size} ${stats.mtimeNs}`)
  }
  return found
}

const sameFingerprint = (one: Map<string, string>, other: Map<string, string>) =>
  JSON.stringify([...one]) === JSON.stringify([...other])

async function warningsOf(file: string, hasWal: boolean): Promise<string[]> {
  const header = await readHeader(file)
  if (header.length === 0) throw new SourceFault('it is empty (0 bytes)')
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0')
    throw new SourceFault('it is not a SQLite file, or an encrypted one')
  const readsFromWal = header[19] === 2
  return readsFromWal && !hasWal
    ? [`it is in WAL mode and no ${basename(file)}-wal is beside it: rows that were only there are missing`]
    : []
}

async function readHeader(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(100), 0, 100, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** Somebody else's file may be built to harm: nothing in its schema is trusted, and its cells are checked. */
function openHostile(file: string, copy: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(copy, { allowExtension: false, enableForeignKeyConstraints: false })
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON')
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    return database
  } catch (error) {
    database?.close()
    throw new SourceFault(`${basename(file)} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}
