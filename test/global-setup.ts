import { fork } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where shared services are asked for; see `borrow`. */
    lender: string
  }
}

/**
 * Starts the process that lends services to test files, and ends it with everything that it lent. Whatever tests and services
 * write for a while is in one folder, which goes with them.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { TMPDIR: given } = process.env
  const folder = await mkdtemp(join(tmpdir(), 'hive-tests-'))
  // Postgres runs as another user where the tests run as root
  await chmod(folder, 0o711)
  process.env.TMPDIR = folder
  const lender = fork(join(import.meta.dirname, 'lender.ts'), { execArgv: [] })
  const exited = once(lender, 'exit')
  const url = await Promise.race([once(lender, 'message').then(([text]) => text as string), exited.then(() => null)])
  if (url === null) throw new Error('the lender of test services did not start')
  project.provide('lender', url)
  return async () => {
    lender.disconnect()
    await exited
    if (given === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = given
    await rm(folder, { recursive: true, force: true })
  }
}
