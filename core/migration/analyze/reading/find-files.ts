import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

const databaseName = /\.(?:db|sqlite|db3|sqlite3)$/i

/** Every file of a folder and the folders in it that is called like a SQLite database; relative, / between the parts. */
export async function findFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory() && databaseName.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length).replaceAll('\\', '/'))
    .sort()
}
