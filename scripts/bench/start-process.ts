import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Memory } from './tell-memory.ts'

export type Process<T> = {
  /** What it said of itself once it listened. */
  said: T
  child: ChildProcess
  /** Lines that it has written to standard error, the first of them. */
  errors: string[]
  /** What it answers to a message. Throws when it ends instead. */
  ask<Answer>(question: string): Promise<Answer>
  /** What it holds once garbage is collected. */
  memory(): Promise<Memory>
  stop(): Promise<void>
}

const mostErrors = 1_000

/**
 * Starts a file of this folder as a process of its own, which says one line of JSON when it is ready and ends when its
 * parent lets go of it.
 */
export async function startProcess<T>(
  file: string,
  options: { args?: string[]; environment?: Record<string, string> } = {},
): Promise<Process<T>> {
  const preload = new URL('./tell-memory.ts', import.meta.url).href
  const child = fork(new URL(file, import.meta.url), options.args ?? [], {
    env: { ...process.env, ...options.environment },
    execArgv: ['--expose-gc', '--import', preload],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  if (!child.stdout || !child.stderr) throw new Error(`${file} has no output`)
  const errors: string[] = []
  createInterface(child.stderr).on('line', (line) => {
    if (errors.length < mostErrors) errors.push(line)
  })
  child.once('exit', (code) => {
    if (code !== 0) console.error(`${file} ended with ${code}:\n${errors.join('\n')}`)
  })
  for await (const line of createInterface(child.stdout)) {
    return {
      said: JSON.parse(line) as T,
      child,
      errors,
      ask: (question) => ask(child, file, question),
      memory: () => ask<Memory>(child, file, 'memory'),
      async stop() {
        if (!child.connected) return
        const gone = once(child, 'exit')
        child.disconnect()
        await gone
      },
    }
  }
  throw new Error(`${file} ended before it was ready: ${errors.join('\n')}`)
}

async function ask<Answer>(child: ChildProcess, file: string, question: string): Promise<Answer> {
  const over = new AbortController()
  const { signal } = over
  const told = once(child, 'message', { signal })
  const gone = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`${file} ended with ${code}`)
  })
  child.send(question)
  try {
    return ((await Promise.race([told, gone])) as [Answer])[0]
  } finally {
    told.catch(() => {})
    gone.catch(() => {})
    over.abort()
  }
}
