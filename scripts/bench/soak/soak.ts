import { setTimeout as delay } from 'node:timers/promises'
import { createRandom } from '../../../test/random.ts'
import type { BenchOptions } from '../bench-options.ts'
import { type Fleet, startFleet } from '../fleet.ts'
import { quantile, type Result } from '../paired.ts'
import type { Stack } from '../stack.ts'
import { table, writeSection } from '../write-section.ts'
import { addUp, type Sum, waitForQuiet } from './add-up.ts'
import { registerAgents } from './agents.ts'
import { startEndpoint } from './endpoint.ts'
import { type Held, heldOver, type Look, steadyBytes } from './held.ts'
import { startReceivers } from './receivers.ts'
import { nothingSeen, type Seen } from './seen.ts'
import { runUsers } from './users.ts'

/** How often memory is looked at. */
const lookMs = 10_000
/** In less time what Redis remembers, and what V8 compiles, has not come together yet. */
const leastMinutes = 5
/** What Redis remembers of a message ends within the run, so that its memory has to be steady too. */
const settings = {
  HIVE_SHORT_LIFE_MS: '30000',
  HIVE_DEDUP_MARGIN_MS: '10000',
  HIVE_STATUS_RETENTION_MS: '30000',
}

/**
 * What users do, at a steady rate for some minutes. What each process and Redis hold has to be steady, and in the end, when all
 * is quiet, every accepted message has to be accounted for. `write` puts the figures into docs/benchmarks.md.
 */
export async function benchSoak(
  stack: Stack,
  _rounds: number,
  { minutes: asked, write, quick }: BenchOptions,
): Promise<Result[]> {
  const minutes = quick ? 0.05 : asked
  await stack.reset([])
  const seen = nothingSeen()
  const endpoint = await startEndpoint(seen)
  const fleet = await startFleet(stack, { settings, sweepMs: quick ? 1_000 : 15_000 })
  try {
    await registerAgents(fleet, endpoint.url)
    const receivers = startReceivers(fleet, seen)
    const times: number[] = []
    const looking = watch(stack, fleet, times)
    const random = createRandom(1)
    const load = { seconds: minutes * 60, random, tell: (ms: number) => times.push(ms) }
    const loaded = await runUsers(fleet, seen, load).catch(async (error: unknown) => {
      await looking.end()
      throw error
    })
    const looks = await looking.end()
    await waitForQuiet(fleet, stack, quick ? 60_000 : 180_000)
    await receivers.stop()
    const { sum, faults } = await addUp(fleet, stack, seen)
    const all = loaded.flatMap((one) => one.times)
    const failed = loaded.flatMap((one) => one.failed)
    const text = describe({ minutes, all, failed, seen, sum, faults, held: heldOver(looks) })
    console.log(text)
    for (const line of [...failed, ...seen.repeated, ...fleet.errors()].slice(0, 10)) console.log(`  ${line}`)
    if (write) await writeSection('benchmarks.md', 'soak', text)
    if (faults.length > 0) throw new Error(`the soak does not add up: ${faults.join('; ')}`)
    return []
  } finally {
    endpoint.stop()
    await fleet.stop()
  }
}

/** Looks at memory until the end, and says what it sees. */
function watch(stack: Stack, fleet: Fleet, times: number[]): { end(): Promise<Look[]> } {
  const over = new AbortController()
  const looks: Look[] = []
  const start = performance.now()
  const watching = (async () => {
    for (let seen = 0; !over.signal.aborted; ) {
      await delay(lookMs, undefined, { signal: over.signal }).catch(() => {})
      const processes = await fleet.memory()
      const redis = Number(/used_memory:(\d+)/.exec(await stack.redis.info('memory'))?.[1] ?? 0)
      const look = { seconds: (performance.now() - start) / 1_000, processes, redis, keys: await stack.redis.dbsize() }
      looks.push(look)
      const last = times.slice(seen)
      seen = times.length
      const held = [...processes].map(([name, { heap, external }]) => `${name} ${mb(heap + external)}`)
      const p99 = quantile(last, 0.99).toFixed(1)
      console.log(
        `soak: ${look.seconds.toFixed(0)} s, ${last.length} requests, p99 ${p99} ms; MB: ${held.join(', ')}, Redis ${mb(redis)} in ${look.keys} keys`,
      )
    }
  })()
  // it is told when it is waited for
  watching.catch(() => {})
  return {
    async end() {
      over.abort()
      await watching
      return looks
    },
  }
}

const mb = (bytes: number) => (bytes / 1024 ** 2).toFixed(1)
const count = (value: number) => value.toLocaleString('en')

function describe(soak: {
  minutes: number
  all: number[]
  failed: string[]
  seen: Seen
  sum: Sum
  faults: string[]
  held: Held[]
}): string {
  const { minutes, all, failed, seen, sum, faults, held } = soak
  const rows = held.map(({ name, first, last, growth, rss, rssGrowth, isSteady }) => [
    name,
    mb(first),
    mb(last),
    mb(growth),
    rss === null ? '' : mb(rss),
    rssGrowth === null ? '' : mb(rssGrowth),
    minutes < leastMinutes ? 'too short to say' : isSteady ? 'steady' : 'NOT steady',
  ])
  return [
    `${minutes} minutes, ${count(all.length)} requests of users (p50 ${quantile(all, 0.5).toFixed(1)}, p90 ${quantile(all, 0.9).toFixed(1)}, p99 ${quantile(all, 0.99).toFixed(1)} ms from when they were due), ${failed.length} failed, ${seen.repeated.length} were sent again. Steady is less than ${mb(steadyBytes)} MB a minute.`,
    table(['process', 'MB held', 'at the end', 'MB a minute', 'RSS, MB', 'MB a minute', 'verdict'], rows),
    `Accepted ${count(sum.accepted)} = delivered ${count(sum.delivered)} + dead ${count(sum.dead)} + expired ${count(sum.expired)} + still there ${count(sum.stillThere)}: ${faults.length === 0 ? 'every message is accounted for, by the inboxes, by senders and receivers, and by history.' : faults.join('; ')}`,
  ].join('\n\n')
}
