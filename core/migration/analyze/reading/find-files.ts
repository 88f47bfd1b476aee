import type { Dirent } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hasMagic } from './diagnose.ts'

const databaseName = /\.(?:db|sqlite|db3|sqlite3)$/i
const besideName = /-(?:wal|journal|shm)$/i

/** Every file of a folder and the folders in it that is called like a SQLite database; relative, / between the parts. */
export async function findFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory() && databaseName.test(entry.name))
    .map((entry) => pathIn(folder, entry))
    .sort()
}

const pathIn = (folder: string, { parentPath, name }: Dirent) =>
  join(parentPath, name).slice(join(folder, '/').length).replaceAll('\\', '/')

/** How many files are looked into for what may be a database under another name. */
const mostLookedInto = 10_000

/** What is passed over, although it seems to belong to a database or to be one, and why. */
export async function findLeftOut(folder: string, most = mostLookedInto): Promise<{ path: string; why: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = new Set(entries.map((entry) => pathIn(folder, entry)))
  const found: { path: string; why: string }[] = []
  let others = 0
  for (const entry of entries) {
    const path = pathIn(folder, entry)
    const note = (why: string) => found.push({ path, why })
    if (entry.isDirectory()) {
      if (databaseName.test(entry.name)) note('it is a folder, not a database of SQLite')
    } else if (entry.isFile() && besideName.test(entry.name)) {
      if (!entry.name.endsWith('-shm') && !paths.has(path.replace(besideName, ''))) {
        note('the database that it belongs to is not beside it')
      }
    } else if (entry.isFile() && !databaseName.test(entry.name) && others++ < most) {
      if (await beginsLikeOne(join(folder, path)))
        note('it is a database by its first bytes, and not called like one: rename it')
    }
  }
  if (others > most) {
    const why = `of files that are not called like databases ${most} were looked into, and ${others - most} more were not`
    found.push({ path: '.', why })
  }
  return found.sort((one, other) => (one.path < other.path ? -1 : 1))
}

async function beginsLikeOne(file: string): Promise<boolean> {
  const handle = await open(file).catch(() => undefined)
  try {
    const read = await handle?.read(Buffer.alloc(16), 0, 16, 0)
    return read !== undefined && hasMagic(read.buffer)
  } finally {
    await handle?.close()
  }
}
