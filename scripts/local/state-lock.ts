import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** Who holds a state folder. `startedAt` tells a process from a later one with the same id, where the system says it. */
type Holder = { pid: number; startedAt: string | null }

/**
 * Makes this process the only one that uses a state folder; resolves to what gives it up again. A lock whose process
 * is gone is taken over. Throws one clear Error when another process has it.
 */
export async function lockState(dir: string): Promise<() => Promise<void>> {
  const lock = join(dir, 'lock')
  const mine = `${lock}.${randomUUID()}`
  await writeFile(mine, JSON.stringify({ pid: process.pid, startedAt: await startOf(process.pid) }))
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      // a link is made whole or not at all, so nobody ever reads half a lock
      if (await taken(() => link(mine, lock))) return () => rm(lock, { force: true })
      const holder = await readHolder(lock)
      if (holder && (await isAlive(holder))) {
        throw new Error(`${dir} is in use by process ${holder.pid}: stop that one first, or choose another folder`)
      }
      if (holder && !(await removeStale(lock, holder, mine))) await delay(10)
    }
    throw new Error(`${lock} changes hands all the time: is something starting again and again?`)
  } finally {
    await rm(mine, { force: true })
  }
}

/**
 * Removes a lock whose process is gone. Only one at a time may, and looks once more before: else it could remove the
 * lock of somebody who was quicker. False when another one is at it.
 */
async function removeStale(lock: string, stale: Holder, mine: string): Promise<boolean> {
  const turn = `${lock}.turn`
  if (!(await taken(() => link(mine, turn)))) {
    const other = await readHolder(turn)
    if (other && !(await isAlive(other))) await rm(turn, { force: true })
    return false
  }
  try {
    const holder = await readHolder(lock)
    if (holder?.pid === stale.pid && holder.startedAt === stale.startedAt) await rm(lock, { force: true })
    return true
  } finally {
    await rm(turn, { force: true })
  }
}

async function taken(step: () => Promise<void>): Promise<boolean> {
  try {
    await step()
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EEXIST' || code === 'ENOENT') return false
    throw error
  }
}

async function readHolder(path: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder
  } catch {
    return null
  }
}

async function isAlive({ pid, startedAt }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  const now = await startOf(pid)
  return startedAt === null || now === null || now === startedAt
}

/** When a process began, in the kernel's own unit; null where there is no /proc. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // the second field is the name in parentheses, which may hold spaces
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
