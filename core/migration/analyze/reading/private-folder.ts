import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A folder for a private copy, called after the process that it belongs to. Those of processes that were killed are removed
 * first: nobody else would.
 */
export async function makePrivateFolder(): Promise<string> {
  const prefix = `hive-migrate-${await processSpace()}-`
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const owner = name.startsWith(prefix) ? /^\d+/.exec(name.slice(prefix.length))?.[0] : undefined
    if (owner !== undefined && !isAlive(Number(owner))) await rm(join(tmpdir(), name), { recursive: true, force: true })
  }
  return mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
}

/** Containers may share a folder for temporary files, and each counts its processes anew. */
async function processSpace(): Promise<string> {
  const link = await readlink('/proc/self/ns/pid').catch(() => '')
  return /\d+/.exec(link)?.[0] ?? '0'
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // somebody else's process is alive too
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
