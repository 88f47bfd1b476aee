import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { pipeline } from 'node:stream/promises'

const companions = ['', '-wal', '-journal']

/** Node's own 64 KiB take twice the time. */
const readBytes = 1024 * 1024

/** The SHA-256 over a database file and what lies beside it: the state that was moved. Base 16. */
export async function hashSource(file: string): Promise<string> {
  const hash = createHash('sha256')
  for (const suffix of companions) {
    const stats = await stat(file + suffix).catch((error: NodeJS.ErrnoException) => {
      if (suffix !== '' && error.code === 'ENOENT') return undefined
      throw error
    })
    // an empty -wal says the same as none
    if (!stats || (suffix !== '' && stats.size === 0)) continue
    hash.update(`${suffix} ${stats.size}\n`)
    await pipeline(createReadStream(file + suffix, { highWaterMark: readBytes }), hash, { end: false })
  }
  return hash.digest('hex')
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
      .prepare('SELECT type, name, tbl_name AS "table", sql FROM sqlite_schema ORDER BY rowid')
      .all() as Description['schema'],
    tables: database
      .prepare('PRAGMA main.table_list')
      .all()
      .filter(({ schema }) => schema === 'main')
      .map(({ name, type, wr }) => ({ name: String(name), kind: String(type), withoutRowid: wr === 1 })),
  }
}
