import { copyFile, open, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { faultOfWal, isHotJournal } from './beside.ts'
import { readSchema } from './damaged-schema.ts'
import { diagnoseError, diagnoseHeader, type Fault, hasMagic } from './diagnose.ts'
import { makePrivateFolder } from './private-folder.ts'
import { refuseViews } from './refuse-views.ts'

export type PrivateCopy = { bytes: number; warnings: string[]; close(): Promise<void> } & (
  | { database: DatabaseSync }
  | { fault: Fault }
)

const companions = ['', '-wal', '-journal']
const copyAttempts = 5

/**
 * Opens a private copy of a file, made together with its `-wal` or `-journal`: the source is only ever read. Somebody
 * else's file may be built to harm: no extension is loaded, its schema is not trusted, its
 * cells are checked, its views are not evaluated.
 */
export async function openPrivateCopy(file: string): Promise<PrivateCopy> {
  const folder = await makePrivateFolder()
  const discard = () => rm(folder, { recursive: true, force: true })
  try {
    const copy = join(folder, basename(file))
    const { bytes, companionsFound } = await copyQuietly(file, copy)
    const header = await readHeader(copy)
    const fault = diagnoseHeader(header, bytes)
    const warnings = await warningsOf(copy, header, companionsFound)
    if (fault) return { bytes, warnings, fault, close: discard }
    const database = openHostile(copy)
    if (!(database instanceof DatabaseSync)) return { bytes, warnings, fault: database, close: discard }
    return {
      bytes,
      warnings,
      database,
      async close() {
        database.close()
        await discard()
      },
    }
  } catch (error) {
    await discard()
    throw error
  }
}

/** Copies until the source was the same before and after: a writer in between would leave a torn copy. */
async function copyQuietly(file: string, copy: string): Promise<{ bytes: number; companionsFound: Set<string> }> {
  for (let attempt = 0; attempt < copyAttempts; attempt++) {
    const before = await fingerprints(file)
    for (const suffix of companions) {
      await rm(copy + suffix, { force: true })
      if (before.has(suffix)) await copyFile(file + suffix, copy + suffix)
    }
    const after = await fingerprints(file)
    if (JSON.stringify([...before]) === JSON.stringify([...after])) {
      return { bytes: (await stat(copy)).size, companionsFound: new Set(before.keys()) }
    }
  }
  throw new Error(`${file} is being written to all the time: stop its writer and try again`)
}

async function fingerprints(file: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const suffix of companions) {
    const stats = await stat(file + suffix, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      if (suffix !== '' && error.code === 'ENOENT') return undefined
      throw error
    })
    // a pipe would keep its reader waiting for ever
    if (stats && !stats.isFile()) throw new Error('it is not a regular file')
    if (stats) found.set(suffix, `${stats.ino} ${stats.size} ${stats.mtimeNs}`)
  }
  return found
}

/** The first bytes of a file, by which `diagnoseHeader` tells what it is. */
export async function readHeader(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** What to beware of in what lies beside a database, or does not. */
async function warningsOf(copy: string, header: Buffer, found: Set<string>): Promise<string[]> {
  const name = basename(copy)
  const warnings: string[] = []
  if (found.has('-wal')) {
    const { size } = await stat(`${copy}-wal`)
    if (header.length === 0 && size > 0) {
      warnings.push(`its ${name}-wal has ${size} bytes, which are of no use without the database that they belong to`)
    } else {
      const fault = await faultOfWal(`${copy}-wal`)
      if (fault !== undefined) warnings.push(`its ${name}-wal ${fault}`)
    }
  } else if (hasMagic(header) && header[19] === 2) {
    warnings.push(`it is in WAL mode and no ${name}-wal is beside it: rows that were only there are missing`)
  }
  if (found.has('-journal') && (await isHotJournal(`${copy}-journal`))) {
    warnings.push(`what its ${name}-journal has is put back, as SQLite does: its last transaction did not end`)
  }
  return warnings
}

/** Opens a private copy of a file that may be built to harm; or says what is wrong with it. */
export function openHostile(copy: string): DatabaseSync | Fault {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(copy, { allowExtension: false, enableForeignKeyConstraints: false })
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON')
    refuseViews(database)
    readSchema(database)
    return database
  } catch (error) {
    database?.close()
    return diagnoseError(error)
  }
}
