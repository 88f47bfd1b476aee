import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registerAgent } from '../../core/access/agents.ts'
import { shardOf } from '../../core/bus/keys.ts'
import { publish } from '../../core/bus/publish.ts'
import { parseMessage } from '../../core/protocol/message.ts'
import { routes } from '../../functions/routes.ts'
import { type Bundle, bundleFunction, writeLinks } from '../stack/bundle.ts'
import { httpEvent, type Invoked, invokeBundle, linksOf } from '../stack/invoke-bundle.ts'
import { agentKey } from './agent-key.ts'
import { quantile, type Result, spreadOf } from './paired.ts'
import { benchKey, type Stack } from './stack.ts'

type Request = {
  file: string
  /** A route's key, or one that no route has. */
  route: string
  path?: Record<string, string>
  body?: object
  /** Made with the admin key of the configuration; else with an agent's own, which is looked up in Redis. */
  admin?: true
  wakes?: true
  status?: number
}

const message = { from_agent: 'bench', to_agent: 'bench', message_type: 'cold', body: {} }
const path = { agent: 'bench' }

/** A request of each API function, such as it mostly gets, and a publish that wakes history, as most first ones after a pause do. */
const requests: Record<string, Request> = {
  publish: { file: 'publish', route: 'POST /v1/messages', body: message, status: 202 },
  'publish with a wake': { file: 'publish', route: 'POST /v1/messages', body: message, wakes: true, status: 202 },
  receive: { file: 'inbox', route: 'POST /v1/agents/{agent}/inbox/receive', path, body: {} },
  'metric write': {
    file: 'metrics',
    route: 'POST /v1/metrics',
    body: { points: [{ agent_name: 'bench', metric_type: 'cold', value: 1 }] },
    status: 201,
  },
  messages: { file: 'messages', route: 'GET /v1/messages/{message_id}', path: { message_id: 'cold-1' } },
  'dead-letters': { file: 'dead-letters', route: 'GET /v1/agents/{agent}/dead-letters', path },
  agents: { file: 'agents', route: 'PUT /v1/agents/{agent}', path: { agent: 'bench' }, body: {}, admin: true },
  capabilities: { file: 'capabilities', route: 'GET /v1/capabilities' },
  topics: {
    file: 'topics',
    route: 'PUT /v1/topics/{topic}/subscribers/{agent}',
    path: { topic: 'cold', ...path },
    body: {},
  },
  conversations: { file: 'conversations', route: 'GET /v1/conversations' },
  keys: { file: 'keys', route: 'GET /v1/keys', admin: true },
  projection: { file: 'projection', route: 'POST /v1/projection/rebuild', body: {}, admin: true },
  migrations: { file: 'migrations', route: 'GET /v1/migrations', admin: true },
  'security-events': { file: 'security-events', route: 'GET /v1/security-events', admin: true },
  'audit-logs': { file: 'audit-logs', route: 'GET /v1/audit-logs', admin: true },
  health: { file: 'health', route: 'GET /v1/health' },
  openapi: { file: 'openapi', route: 'GET /openapi.json' },
  'not-found': { file: 'not-found', route: '$default', status: 404 },
}

/**
 * Cold starts: a fresh process that loads a function as it is deployed and answers one request, beside one that loads an
 * empty handler. Also prints the size of every API bundle, what is largest in the largest, and processor time, which other
 * processes disturb less.
 */
export async function benchCold(stack: Stack, rounds: number): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-hive-cold-'))
  try {
    await printSizes(folder)
    await stack.reset([])
    await registerAgent(stack.hive, 'bench', { endpoint: null, disabled: false })
    const status = { ...message, message_id: 'cold-1' }
    await publish(stack.hive, [parseMessage(status, { now: Date.now(), newId: stack.hive.ids.messageId })])
    const key = await agentKey(stack, 'bench')
    await mkdir(join(folder, 'empty'))
    const empty = join(folder, 'empty', 'bundle.mjs')
    await writeFile(empty, 'export const handler = async () => ({ statusCode: 200 })')
    const environments = new Map<string, Record<string, string>>()
    for (const file of files) environments.set(file, await writeLinks(join(folder, file), linksOf(stack.hive.config)))
    const starts: Start[] = []
    for (const [name, { file, route, wakes, admin, status = 200, ...request }] of Object.entries(requests)) {
      const event = httpEvent(route, { key: admin ? benchKey : key, ...request })
      const env = environments.get(file) ?? {}
      starts.push({
        name: `cold start of ${name}`,
        prepare: async () => wakes && emptyOutbox(stack),
        ours: () => answer(join(folder, file, 'bundle.mjs'), event, env, status),
        empty: () => answer(empty, event, {}, 200),
      })
    }
    return await measureStarts(starts, rounds * 2)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const files = [...new Set<string>(routes.map(({ file }) => file)), 'not-found']

/** As if history had just drained it: the next message wakes history again. */
async function emptyOutbox({ hive, redis }: Stack): Promise<void> {
  const shard = shardOf('bench')
  await redis.del(hive.bus.keys.outbox(shard), hive.bus.keys.outboxBytes(shard))
}

type Start = {
  name: string
  prepare(): Promise<unknown>
  ours(): Promise<Invoked>
  empty(): Promise<Invoked>
}

/** All of them in turn, each right beside an empty one: a machine that slows down does so for both. */
async function measureStarts(starts: Start[], runs: number): Promise<Result[]> {
  const samples = starts.map((start) => ({ start, ours: [] as Invoked[], empty: [] as Invoked[] }))
  for (let run = -1; run < runs; run++) {
    for (const { start, ours, empty } of samples) {
      await start.prepare()
      const [one, other] = [await start.ours(), await start.empty()]
      if (run < 0) continue
      ours.push(one)
      empty.push(other)
    }
  }
  return samples.map(({ start, ours, empty }) => {
    const times = summary(start.name, ours, empty, ({ processMs }) => processMs)
    const cpu = summary(start.name, ours, empty, ({ cpuMs }) => cpuMs)
    const [spent = 0, atLeast = 0] = cpu.sides.map(({ median }) => median)
    console.log(
      `${start.name}: processor ${spent.toFixed(1)} ms beside ${atLeast.toFixed(1)}, ${cpu.ratios[0]?.toFixed(2)}×`,
    )
    return times
  })
}

function summary(name: string, ours: Invoked[], empty: Invoked[], pick: (sample: Invoked) => number): Result {
  const lists = [ours.map(pick), empty.map(pick)]
  const ratios = ours.map((sample, run) => pick(sample) / pick(empty[run] as Invoked))
  const sides = ['as deployed', 'an empty handler'].map((side, at) => {
    return spreadOf(side, lists[at] as number[])
  })
  return { name, unit: 'ms, whole process', sides, ratios: [quantile(ratios, 0.5)] }
}

async function answer(file: string, event: object, env: Record<string, string>, expected: number): Promise<Invoked> {
  const invoked = await invokeBundle(file, event, env)
  const { statusCode, body } = invoked.result
  // what is put again is there already
  if (statusCode !== expected && statusCode !== 201) throw new Error(`${file} answered ${statusCode}: ${body}`)
  return invoked
}

async function printSizes(folder: string): Promise<void> {
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
