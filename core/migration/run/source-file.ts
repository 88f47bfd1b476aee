import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'

const companions = ['', '-wal', '-journal']

const readBytes = 256 * 1024

/**
 * The SHA-256 over a database file and what lies beside it: the state that was moved. Base 16. Throws for what is no regular file:
 * to open a pipe is to wait for whoever writes to it, so that nothing here is opened to wait.
 */
export async function hashSource(file: string): Promise<string> {
  const hash = createHash('sha256')
  for (const suffix of companions) {
    const handle = await open(file + suffix, constants.O_RDONLY | constants.O_NONBLOCK).catch(
      (error: NodeJS.ErrnoException) => {
        if (suffix !== '' && error.code === 'ENOENT') return undefined
        throw error
      },
    )
    try {
      if (!handle) continue
      const stats = await handle.stat()
      if (!stats.isFile()) throw new Error('it is not a regular file')
      const { size } = stats
      // an empty -wal says the same as none
      if (suffix !== '' && size === 0) continue
      hash.update(`${suffix} ${size}\n`)
      await hashFile(handle, hash)
    } finally {
      await handle?.close()
    }
  }
  return hash.digest('hex')
}

/** A piece is hashed while the next one is read, in two places that are used in turn: a stream takes four times as long. */
async function hashFile(handle: FileHandle, hash: Hash): Promise<void> {
  let [bytes, others] = [Buffer.allocUnsafeSlow(readBytes), Buffer.allocUnsafeSlow(readBytes)]
  let reading = handle.read(bytes, 0, readBytes, 0)
  for (let at = 0; ; ) {
    const { bytesRead } = await reading
    if (bytesRead === 0) return
    at += bytesRead
    reading = handle.read(others, 0, readBytes, at)
    hash.update(bytes.subarray(0, bytesRead))
    ;[bytes, others] = [others, bytes]
  }
}

/** What a rebuilt file needs besides its rows. */
export type Description = {
  encoding: string
  pageSize: number
  userVersion: number
  applicationId: number
  /** In the order in which they were made. */
  schema: { type: string; name: string; table: string; sql: string | null }[]
  /** What SQLite itself says of its tables, which their names and SQL do not tell for sure. */
  tables: { name: string; kind: string; withoutRowid: boolean }[]
}

/** Reads what `rebuild` makes the file from. */
export function describeSource(database: DatabaseSync): Description {
  const pragma = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]
  return {
    encoding: String(pragma('encoding')),
    pageSize: Number(pragma('page_size')),
    userVersion: Number(pragma('user_version')),
    applicationId: Number(pragma('application_id')),
    schema: database
      .prepare(
        `SELECT CAST(type AS TEXT) AS type, CAST(name AS TEXT) AS name, CAST(tbl_name AS TEXT) AS "table",
           CAST(sql AS TEXT) AS sql FROM main.sqlite_schema ORDER BY rowid`,
      )
      .all() as Description['schema'],
    tables: database
      .prepare('PRAGMA main.table_list')
      .all()
      .filter(({ schema }) => schema === 'main')
      .map(({ name, type, wr }) => ({ name: String(name), kind: String(type), withoutRowid: wr === 1 })),
  }
}
