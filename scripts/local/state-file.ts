import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Makes a state folder that only its owner can look into. */
export async function makeStateFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await chmod(dir, 0o700)
}

/** Reads a JSON file of a state folder; null when it is not there. Throws when it is not JSON, naming it. */
export async function readState<T>(dir: string, name: string): Promise<T | null> {
  const path = join(dir, name)
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new Error(`${path} cannot be read as JSON: ${(error as Error).message}`)
  }
}

/** Writes a JSON file of a state folder, whole or not at all; only its owner can read it. */
export async function writeState(dir: string, name: string, value: object): Promise<void> {
  const path = join(dir, name)
  await writeFile(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}
