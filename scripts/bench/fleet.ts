import { createHttpCaller } from './http-caller.ts'
import type { Stack } from './stack.ts'
import { type Process, startProcess } from './start-process.ts'
import type { Memory } from './tell-memory.ts'

/** Functions that have a process of their own; `others` are all that serve HTTP beside them. */
const functions = ['publish', 'inbox', 'metrics', 'others'] as const
type FunctionName = (typeof functions)[number]

/** The stack with its functions, workers and queues, each a process of its own as in the cloud. */
export type Fleet = {
  /** A request to the function that serves it. Gives the parsed answer; throws for any but 2xx. */
  call(method: string, path: string, body?: unknown): Promise<unknown>
  /** What each process holds once garbage is collected, by its name. */
  memory(): Promise<Map<string, Memory>>
  /** What was logged as an error, by all processes. */
  errors(): string[]
  stop(): Promise<void>
}

/** `settings` are environment variables that differ from the stack's. */
export async function startFleet(
  stack: Stack,
  { settings = {}, sweepMs = 60_000 }: { settings?: Record<string, string>; sweepMs?: number } = {},
): Promise<Fleet> {
  const queues = await startProcess<Record<string, string>>('./queues-process.ts')
  const environment = { ...stack.environment, ...queues.said, ...settings }
  const start = () => startProcess<{ url: string }>('./function-process.ts', { environment })
  const [workers, ...started] = await Promise.all([
    startProcess<object>('./workers-process.ts', { args: [String(sweepMs)], environment }),
    ...functions.map(start),
  ])
  const urls = new Map(functions.map((name, i): [FunctionName, string] => [name, started[i]?.said.url ?? '']))
  const own: [string, Process<unknown>][] = [
    ...functions.map((name, i): [string, Process<unknown>] => [name, started[i] as Process<unknown>]),
    ['workers', workers],
    ['queues', queues],
  ]
  const all = [...own, ...Object.entries(stack.processes)]
  const caller = createHttpCaller()
  return {
    call: (method, path, body) => caller.call(urls.get(functionOf(method, path)) ?? '', method, path, body),
    async memory() {
      const held = new Map<string, Memory>()
      // one after the other: collecting garbage everywhere at once would hold up what is under way
      for (const [name, one] of all) held.set(name, await one.memory())
      return held
    },
    errors: () => all.flatMap(([name, { errors }]) => errors.map((line) => `${name}: ${line}`)),
    async stop() {
      caller.close()
      await Promise.allSettled(own.map(([, one]) => one.stop()))
    },
  }
}

function functionOf(method: string, path: string): FunctionName {
  if (method === 'POST' && path.startsWith('/v1/messages')) return 'publish'
  if (path.startsWith('/v1/metrics')) return 'metrics'
  return /^\/v1\/agents\/[^/]+\/inbox/.test(path) ? 'inbox' : 'others'
}
