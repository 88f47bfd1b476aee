import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { hasMagic } from './diagnose.ts'
import { walkFolder } from './walk-folder.ts'

const databaseName = /\.(?:db|sqlite|db3|sqlite3)$/i
const besideName = /-(?:wal|journal|shm)$/i

/** Every file of a folder and the folders in it that is called like a SQLite database; relative, / between the parts. */
export async function findFiles(folder: string): Promise<string[]> {
  const entries = await walkFolder(folder)
  return entries
    .filter(({ path, kind, fault }) => kind !== 'folder' && fault === undefined && databaseName.test(path))
    .map(({ path }) => path)
    .sort()
}

/** How many files are looked into for what may be a database under another name. */
const mostLookedInto = 10_000

/** What is passed over, although it seems to belong to a database or to be one, and why. */
export async function findLeftOut(folder: string, most = mostLookedInto): Promise<{ path: string; why: string }[]> {
  const entries = await walkFolder(folder)
  const paths = new Set(entries.map(({ path }) => path))
  const found: { path: string; why: string }[] = []
  let others = 0
  for (const { path, kind, fault } of entries) {
    const note = (why: string) => found.push({ path, why })
    if (kind === 'folder') {
      if (fault !== undefined) note(fault)
      else if (databaseName.test(path)) note('it is a folder, not a database of SQLite')
    } else if (fault !== undefined) {
      if (databaseName.test(path) || besideName.test(path)) note(fault)
    } else if (kind === 'file' && besideName.test(path)) {
      if (!path.endsWith('-shm') && !paths.has(path.replace(besideName, ''))) {
        note('the database that it belongs to is not beside it')
      }
    } else if (kind === 'file' && !databaseName.test(path) && others++ < most) {
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
