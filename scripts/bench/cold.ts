import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shardOf } from '../../core/bus/keys.ts'
import { routes } from '../../functions/routes.ts'
import { type Bundle, bundleFunction, writeLinks } from '../stack/bundle.ts'
import { httpEvent, type Invoked, invokeBundle, linksOf } from '../stack/invoke-bundle.ts'
import { agentKey } from './agent-key.ts'
import { quantile, type Result } from './paired.ts'
import type { Stack } from './stack.ts'

type Request = { file: string; route: string; path?: Record<string, string>; body: object; wakes?: true }

const message = { from_agent: 'bench', to_agent: 'bench', message_type: 'cold', body: {} }

/** What agents wait for, each with a request that it can answer. Most first messages after a pause wake history too. */
const requests: Record<string, Request> = {
  publish: { file: 'publish', route: 'POST /v1/messages', body: message },
  'publish with a wake': { file: 'publish', route: 'POST /v1/messages', body: message, wakes: true },
  receive: { file: 'inbox', route: 'POST /v1/agents/{agent}/inbox/receive', path: { agent: 'bench' }, body: {} },
  'metric write': {
    file: 'metrics',
    route: 'POST /v1/metrics',
    body: { points: [{ agent_name: 'bench', metric_type: 'cold', value: 1 }] },
  },
}

/**
 * Cold starts: a fresh process that loads a function as it is deployed and answers one request of an agent, beside one that
 * loads an empty handler. Also prints the size of every API bundle and what is largest in the largest.
 */
export async function benchCold(stack: Stack, rounds: number): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-hive-cold-'))
  try {
    await printSizes(folder)
    await stack.reset([{ name: 'bench' }])
    const key = await agentKey(stack, 'bench')
    await mkdir(join(folder, 'empty'))
    const empty = join(folder, 'empty', 'bundle.mjs')
    await writeFile(empty, 'export const handler = async () => ({ statusCode: 200 })')
    const results: Result[] = []
    for (const [name, { file, route, wakes, ...request }] of Object.entries(requests)) {
      const event = httpEvent(route, { key, ...request })
      const env = await writeLinks(join(folder, file), linksOf(stack.hive.config))
      const sides = [
        {
          name: `${name}, as deployed`,
          prepare: wakes && (() => emptyOutbox(stack)),
          invoke: () => answer(join(folder, file, 'bundle.mjs'), event, env),
        },
        { name: 'an empty handler', invoke: () => answer(empty, event, {}) },
      ]
      results.push(...(await measureProcesses(`cold start of ${name}`, sides, rounds * 4)))
    }
    return results
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** As if history had just drained it: the next message wakes history again. */
async function emptyOutbox({ hive, redis }: Stack): Promise<void> {
  const shard = shardOf('bench')
  await redis.del(hive.bus.keys.outbox(shard), hive.bus.keys.outboxBytes(shard))
}

type ColdSide = { name: string; prepare?: (() => Promise<void>) | undefined; invoke(): Promise<Invoked> }

/** Processes in turn, so that a machine that slows down does so for both sides; processor time tells what others disturb less. */
async function measureProcesses(name: string, sides: ColdSide[], runs: number): Promise<Result[]> {
  const samples = sides.map((): Invoked[] => [])
  for (let run = -2; run < runs; run++) {
    for (const [i, side] of sides.entries()) {
      await side.prepare?.()
      const sample = await side.invoke()
      if (run >= 0) samples[i]?.push(sample)
    }
  }
  return [
    summary(name, 'ms, whole process', sides, samples, ({ processMs }) => processMs),
    summary(name, 'ms, processor time', sides, samples, ({ cpuMs }) => cpuMs),
  ]
}

function summary(
  name: string,
  unit: string,
  sides: ColdSide[],
  samples: Invoked[][],
  pick: (sample: Invoked) => number,
): Result {
  const lists = samples.map((list) => list.map(pick))
  const described = sides.map((side, i) => {
    const list = lists[i] ?? []
    return { name: side.name, median: quantile(list, 0.5), least: quantile(list, 0), most: quantile(list, 1) }
  })
  const [ours, ...others] = described
  return { name, unit, sides: described, ratios: others.map(({ median }) => (ours?.median ?? 0) / median) }
}

async function answer(file: string, event: object, env: Record<string, string>): Promise<Invoked> {
  const invoked = await invokeBundle(file, event, env)
  const { statusCode, body } = invoked.result
  if (statusCode >= 300) throw new Error(`${file} answered ${statusCode}: ${body}`)
  return invoked
}

async function printSizes(folder: string): Promise<void> {
  const files = [...new Set<string>(routes.map(({ file }) => file))]
  const sizes: [string, Bundle][] = []
  for (const file of files) sizes.push([file, await bundleFunction(file, join(folder, file))])
  sizes.sort(([, a], [, b]) => b.startBytes - a.startBytes)
  for (const [file, { startBytes }] of sizes) console.log(`${file.padEnd(20)} ${kilobytes(startBytes)} at the start`)
  const [largest] = sizes
  if (!largest) return
  console.log(`largest in ${largest[0]}:`)
  for (const [path, bytes] of largest[1].startInputs.slice(0, 8)) console.log(`    ${kilobytes(bytes)} ${path}`)
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1).padStart(7)} KB`
