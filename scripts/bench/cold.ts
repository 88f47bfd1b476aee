import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { routes } from '../../functions/routes.ts'
import { type Bundle, bundleFunction, writeLinks } from '../stack/bundle.ts'
import { httpEvent, invokeBundle, linksOf } from '../stack/invoke-bundle.ts'
import { measureLatencies, type Result } from './paired.ts'
import { benchKey, type Stack } from './stack.ts'

/** Functions that agents wait for, each with a request that it can answer. */
const requests = {
  publish: {
    route: 'POST /v1/messages',
    body: { from_agent: 'bench', to_agent: 'bench', message_type: 'cold', body: {} },
  },
  inbox: { route: 'POST /v1/agents/{agent}/inbox/receive', path: { agent: 'bench' }, body: {} },
  metrics: {
    route: 'POST /v1/metrics',
    body: { points: [{ agent_name: 'bench', metric_type: 'cold', value: 1 }] },
  },
} as const

/**
 * Cold starts: a fresh process that loads a function as it is deployed and answers one request, beside one that loads an
 * empty handler. Also prints the size of every API bundle and what is largest in the largest.
 */
export async function benchCold(stack: Stack, rounds: number): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-hive-cold-'))
  try {
    await printSizes(folder)
    await stack.reset([{ name: 'bench' }])
    await mkdir(join(folder, 'empty'))
    const empty = join(folder, 'empty', 'bundle.mjs')
    await writeFile(empty, 'export const handler = async () => ({ statusCode: 200 })')
    const results: Result[] = []
    for (const [file, { route, ...request }] of Object.entries(requests)) {
      const event = httpEvent(route, { key: benchKey, ...request })
      const env = await writeLinks(join(folder, file), linksOf(stack.hive.config))
      const sides = [
        { name: `${file}, as deployed`, call: () => answer(join(folder, file, 'bundle.mjs'), event, env) },
        { name: 'an empty handler', call: () => answer(empty, event, {}) },
      ]
      results.push(...(await measureLatencies(`cold start of ${file}, whole process`, sides, rounds * 4, [0.5])))
    }
    return results
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function answer(file: string, event: object, env: Record<string, string>): Promise<void> {
  const { result } = await invokeBundle(file, event, env)
  if (result.statusCode >= 300) throw new Error(`${file} answered ${result.statusCode}: ${result.body}`)
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
