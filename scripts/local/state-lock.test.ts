import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockState } from './state-lock.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-hive-lock-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** A process that takes the lock, says so, and keeps it until it is killed. */
async function holdElsewhere(): Promise<{ pid: number; kill(): Promise<void> }> {
  const program = `
    import { lockState } from ${JSON.stringify(join(import.meta.dirname, 'state-lock.ts'))}
    await lockState(${JSON.stringify(dir)})
    console.log('locked')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return {
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

describe('the lock of a state folder', () => {
  it('is refused while another process lives, naming it, and taken over once it was killed', async () => {
    const other = await holdElsewhere()
    await expect(lockState(dir)).rejects.toThrow(`${dir} is in use by process ${other.pid}`)
    await other.kill()
    const unlock = await lockState(dir)
    await unlock()
    expect(await readdir(dir)).toEqual([])
  })

  it('is given to one of many that ask at once, also over a stale one', async () => {
    await writeFile(join(dir, 'lock'), JSON.stringify({ pid: process.pid, startedAt: 'long ago' }))
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockState(dir)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await readdir(dir)).toEqual(['lock'])
  })
})
