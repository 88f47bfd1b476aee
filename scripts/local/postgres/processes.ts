import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Whether a process runs under this id, whoever owns it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The command line of a process, or undefined when there is none. */
export async function commandOf(pid: number): Promise<string | undefined> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
  } catch {
    return run('ps', ['-p', String(pid), '-o', 'command=']).then(
      ({ stdout }) => stdout.trim() || undefined,
      () => undefined,
    )
  }
}

/** The direct children of a process. */
export async function childrenOf(parent: number): Promise<number[]> {
  const pairs = await parentsFromProc().catch(parentsFromPs)
  return pairs.filter(([, ppid]) => ppid === parent).map(([pid]) => pid)
}

/** Every process with its parent; `ps` is missing in slim containers. */
async function parentsFromProc(): Promise<[pid: number, parent: number][]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0)
  const parents = await Promise.all(
    pids.map(async (pid): Promise<[number, number]> => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      // the name before it is in brackets and may itself hold spaces and brackets
      return [pid, Number(stat.slice(stat.lastIndexOf(')') + 1).split(' ')[2])]
    }),
  )
  return parents
}

async function parentsFromPs(): Promise<[pid: number, parent: number][]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid='])
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid = 0, parent = 0]) => [pid, parent])
}
