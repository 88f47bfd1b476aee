import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import type { Cloud } from '../scripts/local/cloud.ts'

const main = join(import.meta.dirname, '..', 'scripts', 'hive', 'main.js')

export type Finished = { code: number | null; stdout: string; stderr: string; json<Document>(): Document }

type Reachable = Pick<Cloud, 'url' | 'adminKey'>

/**
 * Runs the real command line against a cloud, as `npm run hive -- …` does, and waits for its end. `stdout` is an open file to
 * print into.
 */
export async function command(cloud: Reachable, args: string[], input = '', stdout?: number): Promise<Finished> {
  const child = start(cloud, args, stdout)
  const [printed, stderr] = [collect(child.stdout), collect(child.stderr)]
  child.stdin?.end(input)
  const code = await ended(child)
  const text = await printed
  return { code, stdout: text, stderr: await stderr, json: () => JSON.parse(text) }
}

export type Running = {
  /** Resolves with the first line from now on that satisfies a test. */
  line(isIt: (line: string) => boolean): Promise<string>
  /** Sends Ctrl-C and resolves with the exit code. */
  interrupt(): Promise<number | null>
}

/** Starts a command that runs until it is interrupted, or until the test is over. */
export function running(cloud: Reachable, args: string[]): Running {
  const child = start(cloud, args)
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  const end = ended(child)
  return {
    async line(isIt) {
      for (;;) {
        const next = await lines.next()
        if (next.done) throw new Error('the command ended before the line came')
        if (isIt(next.value)) return next.value
      }
    },
    interrupt() {
      child.kill('SIGINT')
      return end
    },
  }
}

function start({ url, adminKey }: Reachable, args: string[], stdout: number | 'pipe' = 'pipe'): ChildProcess {
  const env = { ...process.env, HIVE_URL: url, HIVE_ADMIN_KEY: adminKey, NO_COLOR: '1' }
  return spawn(process.execPath, [main, ...args], { env, stdio: ['pipe', stdout, 'pipe'] })
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code))
  })
}

async function collect(stream: NodeJS.ReadableStream | null): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
