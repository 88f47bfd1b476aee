import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Hive } from '../../hive.ts'
import { openHostile } from '../analyze/reading/private-copy.ts'
import { makePrivateFolder } from '../analyze/reading/private-folder.ts'
import { hashFile } from './snapshot.ts'
import { snapshotKey, type UploadedFile } from './upload-keys.ts'

/** Of the 10 GB that a function has of its own. */
const mostKept = 9 * 1024 ** 3

const folderOf = ({ config }: Hive) => config.migrationScratchDir ?? join(tmpdir(), 'hive-snapshots')

/** Opens the snapshot of a run for as long as it is used; or gives why it cannot be read. */
export async function withSnapshot<T>(
  hive: Hive,
  run: string,
  sha256: string,
  use: (found: DatabaseSync | string) => Promise<T>,
): Promise<T> {
  const file = await keptSnapshot(hive, run, sha256)
  if (file === undefined) return use('its snapshot is not in the bucket any more')
  const database = openHostile(file)
  if (!(database instanceof DatabaseSync)) return use(`${database.state}: ${database.detail}`)
  try {
    return await use(database)
  } finally {
    database.close()
  }
}

/**
 * The snapshot as a file of this function instance: the one that it has kept, or a copy from the bucket. Those that were not
 * used for longest make room for it. Undefined when it is not in the bucket any more.
 */
async function keptSnapshot(hive: Hive, run: string, sha256: string): Promise<string | undefined> {
  const folder = folderOf(hive)
  const file = join(folder, `${sha256}.db`)
  const now = new Date()
  const isKept = await utimes(file, now, now).then(
    () => true,
    () => false,
  )
  if (isKept) return file
  const key = snapshotKey(run, sha256)
  const [object] = await hive.objects.list(key)
  if (!object) return undefined
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await makeRoom(folder, object.bytes)
  const part = join(folder, `${randomUUID()}.part`)
  try {
    if (!(await hive.objects.download(key, part))) return undefined
    if ((await hashFile(part)) !== sha256) throw new Error(`the snapshot ${key} is not what was put there`)
    await rename(part, file)
  } finally {
    await rm(part, { force: true })
  }
  return file
}

/** Gives a file of an upload, with what lies beside it, as a private copy for as long as it is used. */
export async function withUploaded<T>(
  hive: Hive,
  { objects: parts, bytes }: UploadedFile,
  use: (file: string) => Promise<T>,
): Promise<T> {
  // bringing a -wal into its file takes up to its size once more
  await makeRoom(folderOf(hive), 2 * bytes)
  const copies = await makePrivateFolder()
  try {
    const file = join(copies, 'source.db')
    for (const { key, suffix } of parts) {
      if (!(await hive.objects.download(key, file + suffix))) throw new Error(`${key} has gone from the bucket`)
    }
    return await use(file)
  } finally {
    await rm(copies, { recursive: true, force: true })
  }
}

async function makeRoom(folder: string, bytes: number): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const kept = await Promise.all(
    names.map(async (name) => {
      const stats = await stat(join(folder, name)).catch(() => undefined)
      return { name, bytes: stats?.size ?? 0, used: stats?.mtimeMs ?? 0 }
    }),
  )
  let total = kept.reduce((sum, one) => sum + one.bytes, 0)
  for (const one of kept.sort((a, b) => a.used - b.used)) {
    if (total + bytes <= mostKept) return
    // one that is open stays readable until it is closed
    await rm(join(folder, one.name), { force: true })
    total -= one.bytes
  }
}
