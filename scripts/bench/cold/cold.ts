import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registerAgent } from '../../../core/access/agents.ts'
import { shardOf } from '../../../core/bus/keys.ts'
import { publish } from '../../../core/bus/publish.ts'
import { parseMessage } from '../../../core/protocol/message.ts'
import { routes } from '../../../functions/routes.ts'
import { type Bundle, bundleEntry, bundleFunction, writeLinks } from '../../stack/bundle.ts'
import { httpEvent, type Invoked, invokeBundle, linksOf } from '../../stack/invoke-bundle.ts'
import { agentKey } from '../agent-key.ts'
import type { BenchOptions } from '../bench-options.ts'
import { quantile, type Result, spreadOf } from '../paired.ts'
import { benchKey, type Stack } from '../stack.ts'
import { type Asked, reachEnvironment } from './reach.ts'

type Request = {
  file: string
  /** What is asked for the answer. */
  asks: Asked[]
  /** A route's key, or one that no route has. */
  route: string
  path?: Record<string, string>
  body?: object
  /** Made with the admin key of the configuration; else with an agent's own, which is looked up in Redis. */
  admin?: true
  status?: number
}

const message = { from_agent: 'bench', to_agent: 'bench', message_type: 'cold', body: {} }
const path = { agent: 'bench' }

const redis: Asked[] = ['redis']
const postgres: Asked[] = ['postgres']
const both: Asked[] = ['redis', 'postgres']
const wake: Asked[] = ['redis', 'sqs']

/** A request of each API function, such as it mostly gets, and a publish that wakes history, as most first ones after a pause do. */
const requests: Record<string, Request> = {
  publish: { file: 'publish', asks: redis, route: 'POST /v1/messages', body: message, status: 202 },
  'publish with a wake': { file: 'publish', asks: wake, route: 'POST /v1/messages', body: message, status: 202 },
  receive: { file: 'inbox', asks: redis, route: 'POST /v1/agents/{agent}/inbox/receive', path, body: {} },
  'metric write': {
    file: 'metrics',
    asks: both,
    route: 'POST /v1/metrics',
    body: { points: [{ agent_name: 'bench', metric_type: 'cold', value: 1 }] },
    status: 201,
  },
  messages: { file: 'messages', asks: redis, route: 'GET /v1/messages/{message_id}', path: { message_id: 'cold-1' } },
  'dead-letters': { file: 'dead-letters', asks: redis, route: 'GET /v1/agents/{agent}/dead-letters', path },
  agents: { file: 'agents', asks: both, route: 'PUT /v1/agents/{agent}', path, body: {}, admin: true },
  heartbeat: { file: 'agents', asks: redis, route: 'POST /v1/agents/{agent}/heartbeat', path },
  capabilities: { file: 'capabilities', asks: both, route: 'GET /v1/capabilities' },
  topics: {
    file: 'topics',
    asks: both,
    route: 'PUT /v1/topics/{topic}/subscribers/{agent}',
    path: { topic: 'cold', ...path },
    body: {},
  },
  conversations: { file: 'conversations', asks: both, route: 'GET /v1/conversations' },
  keys: { file: 'keys', asks: postgres, route: 'GET /v1/keys', admin: true },
  projection: { file: 'projection', asks: both, route: 'POST /v1/projection/rebuild', body: {}, admin: true },
  migrations: { file: 'migrations', asks: postgres, route: 'GET /v1/migrations', admin: true },
  'security-events': { file: 'security-events', asks: postgres, route: 'GET /v1/security-events', admin: true },
  'audit-logs': { file: 'audit-logs', asks: postgres, route: 'GET /v1/audit-logs', admin: true },
  health: { file: 'health', asks: both, route: 'GET /v1/health' },
  openapi: { file: 'openapi', asks: redis, route: 'GET /openapi.json' },
  'not-found': { file: 'not-found', asks: redis, route: '$default', status: 404 },
}

/**
 * Cold starts: a fresh process that loads a function as it is deployed and answers one request, beside one that loads an
 * empty handler that is deployed in the same way, one that asks the same packages a question each and does nothing else, and a
 * handler as one writes it from the guides of these packages. Also prints the size of every API bundle, what is largest in the
 * largest, and processor time, which other processes disturb less.
 */
export async function benchCold(stack: Stack, rounds: number, { quick }: BenchOptions): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-hive-cold-'))
  try {
    await printSizes(folder)
    await stack.reset([])
    await registerAgent(stack.hive, 'bench', { endpoint: null, disabled: false })
    const status = { ...message, message_id: 'cold-1' }
    await publish(stack.hive, [parseMessage(status, { now: Date.now(), newId: stack.hive.ids.messageId })])
    const key = await agentKey(stack, 'bench')
    const empty = await bundleEntry('scripts/bench/cold/empty-handler.ts', join(folder, 'empty'))
    const alone = await bundleEntry('scripts/bench/cold/packages-alone.ts', join(folder, 'alone'))
    const plain = await bundleEntry('scripts/bench/cold/plain-handler.ts', join(folder, 'plain'))
    const environments = new Map<string, Record<string, string>>()
    for (const file of files) environments.set(file, await writeLinks(join(folder, file), linksOf(stack.hive.config)))
    const asked = Object.entries(requests).slice(0, quick ? 4 : undefined)
    const starts = asked.map(([name, { file, asks, route, admin, status = 200, ...request }]): Start => {
      const event = httpEvent(route, { key: admin ? benchKey : key, ...request })
      const links = environments.get(file) ?? {}
      const reach = reachEnvironment(asks, stack.hive.config)
      return {
        name: `cold start of ${name}`,
        prepare: async () => asks.includes('sqs') && emptyOutbox(stack),
        sides: [
          { name: 'as deployed', answer: () => answer(join(folder, file, 'bundle.mjs'), event, links, status) },
          { name: 'an empty handler', answer: () => answer(empty.file, event, {}, 200) },
          { name: 'the packages alone', answer: () => answer(alone.file, event, reach, 200) },
          { name: 'a plain handler', answer: () => answer(plain.file, event, reach, 200) },
        ],
      }
    })
    return await measureStarts(starts, quick ? { warmUp: 0, runs: 1 } : { warmUp: 1, runs: rounds * 2 })
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
  /** Ours is the first. */
  sides: { name: string; answer(): Promise<Invoked> }[]
}

/** All of them in turn, the sides of one right after each other, forth and back: a machine that slows down does so for all. */
async function measureStarts(starts: Start[], { warmUp, runs }: { warmUp: number; runs: number }): Promise<Result[]> {
  const samples = starts.map((start) => ({ start, invoked: start.sides.map((): Invoked[] => []) }))
  for (let run = -warmUp; run < runs; run++) {
    for (const { start, invoked } of samples) {
      await start.prepare()
      const places = start.sides.map((_, at) => at)
      for (const at of run % 2 === 0 ? places : places.reverse()) {
        const one = await (start.sides[at] as Start['sides'][number]).answer()
        if (run >= 0) invoked[at]?.push(one)
      }
    }
  }
  return samples.map(({ start, invoked }) => {
    const cpu = summary(start, invoked, ({ cpuMs }) => cpuMs)
    const spent = cpu.sides.map(({ name, median }) => `${median.toFixed(1)} ms ${name}`).join(', ')
    console.log(`${start.name}, processor: ${spent}`)
    return summary(start, invoked, ({ processMs }) => processMs)
  })
}

function summary({ name, sides }: Start, invoked: Invoked[][], pick: (sample: Invoked) => number): Result {
  const lists = invoked.map((samples) => samples.map(pick))
  const [ours = [], ...others] = lists
  const ratios = others.map((list) => {
    return quantile(
      ours.map((value, run) => value / (list[run] as number)),
      0.5,
    )
  })
  return {
    name,
    unit: 'ms, whole process',
    sides: sides.map((side, at) => spreadOf(side.name, lists[at] ?? [])),
    ratios,
  }
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
