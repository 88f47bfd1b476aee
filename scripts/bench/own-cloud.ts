import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { Agent, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

export type Memory = { heapUsed: number; rss: number; errors: number }

export type OwnCloud = {
  redisUrl: string
  /** Gives the parsed answer. Throws for any but 2xx. */
  call(method: string, path: string, body?: unknown): Promise<unknown>
  /** What the process holds once garbage is collected, and how many errors it has logged. */
  memory(): Promise<Memory>
  stop(): Promise<void>
}

/** Starts a local cloud that nobody else uses, in a process of its own. */
export async function startOwnCloud(): Promise<OwnCloud> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-hive-load-'))
  const file = new URL('./cloud-process.ts', import.meta.url)
  const child: ChildProcess = fork(file, [folder], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [{ url, adminKey, redisUrl }] = (await once(child, 'message')) as [Record<string, string>]
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }
  return {
    redisUrl: redisUrl ?? '',
    call: (method, path, body) =>
      new Promise((resolve, reject) => {
        const request = httpRequest(`${url}${path}`, { method, agent, headers }, async (response) => {
          const answer = await text(response)
          const { statusCode = 0 } = response
          if (statusCode < 300) resolve(JSON.parse(answer))
          else reject(new Error(`${method} ${path} answered ${statusCode} ${answer.slice(0, 200)}`))
        })
        request.on('error', reject)
        request.end(body === undefined ? undefined : JSON.stringify(body))
      }),
    async memory() {
      const told = once(child, 'message')
      child.send('memory')
      return ((await told) as [Memory])[0]
    },
    async stop() {
      agent.destroy()
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}
