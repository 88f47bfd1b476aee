import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import type { HiveConfig } from '../config.ts'
import { createHive, type Hive } from '../hive.ts'
import { everyScript, type MessageSpec, type Operation, operation } from './model/operations.ts'
import { runOperations } from './model/run-operations.ts'

const least = process.env.HIVE_TEST_FULL === '1' ? 100_000 : 10_000
/** Runs that go on side by side, each over a REST server of its own, so that they lose only their own answers. */
const lanes = 3
/** How long a failure is made shorter. */
const searchMs = 60_000
/** `HIVE_SEED=…` repeats a run; what fails prints its seed and path, and the shortest operations that fail. */
const seed = Number(process.env.HIVE_SEED ?? Date.now() % 2 ** 31)

type Setting = {
  config: Partial<HiveConfig>
  retention: 'short' | 'long'
  adapt(steps: Operation[]): Operation[]
}
const asTheyAre = (steps: Operation[]) => steps
const ordinary: Setting = { config: {}, retention: 'long', adapt: asTheyAre }
const settings: Setting[] = [
  { config: { deadRetentionMs: 1 }, retention: 'short', adapt: asTheyAre },
  // messages of an hour's life use the ledger of long-lived ones
  { config: { shortLifeMs: 1_800_000 }, retention: 'long', adapt: asTheyAre },
  // an inbox of about seven messages; ledgers and outcomes go on in further records
  { config: { recordMaxBytes: 5_000 }, retention: 'long', adapt: alone },
  { config: { recordMaxBytes: 5_000, shortLifeMs: 1_800_000 }, retention: 'long', adapt: alone },
]

/**
 * One agent that writes to itself, mostly what ends soon, so that its records grow. All answers arrive: with records that go on in others, a
 * lost one may be that of a script that did nothing, and the model could not tell.
 */
function alone(steps: Operation[]): Operation[] {
  return steps.map((step) => {
    if (step.kind === 'publish') {
      return { ...step, batch: step.batch.map(brief), lost: false }
    }
    if (step.kind === 'drain outbox') return step
    return step.kind === 'project' ? { ...step, agent: 0 } : { ...step, agent: 0, lost: false }
  })
}

function brief(spec: MessageSpec): MessageSpec {
  return { ...spec, from: 0, to: 0, delay: 'none', ttl: spec.priority > 1 ? 'short' : spec.ttl }
}

describe('the bus', () => {
  let hives: TestHive[]
  beforeAll(async () => {
    // fewer messages than due events that one script applies, in an order that the model does not know
    const config = { inboxMaxMessages: 50, inboxMaxBytes: 120_000, inboxMaxDead: 8, hopLimit: 3 }
    hives = await Promise.all(Array.from({ length: lanes }, () => testHive(config)))
    for (const base of hives) {
      await runOperations(privateHive(base, 0, ordinary), base.upstash.faults, everyScript, 'long')
    }
  })
  afterAll(() => Promise.all(hives.map((hive) => hive.dispose())))

  it(`does what a plain model does through ${least} random operations`, { timeout: least * 40 }, async () => {
    let runs = 0
    let operations = 0
    let searchUntil = Number.POSITIVE_INFINITY
    const property = (base: TestHive) =>
      fc.asyncProperty(
        fc.array(operation, { maxLength: 400, size: 'max' }),
        fc.constantFrom(ordinary, ordinary, ...settings),
        async (steps, setting) => {
          // the search for the shortest failure ends by itself, when whatever is left to try passes
          if (performance.now() > searchUntil) return
          const hive = privateHive(base, ++runs, setting)
          try {
            const count = await runOperations(hive, base.upstash.faults, setting.adapt(steps), setting.retention)
            operations += count
          } catch (error) {
            searchUntil = Math.min(searchUntil, performance.now() + searchMs)
            throw error
          }
        },
      )
    await Promise.all(
      hives.map(async (base, lane) => {
        for (let round = 0; operations < least && searchUntil === Number.POSITIVE_INFINITY; round++) {
          await fc.assert(property(base), {
            seed: seed + 1009 * (round * lanes + lane),
            numRuns: 3,
            unbiased: true,
          })
        }
      }),
    )
    console.log(`${operations} operations in ${runs} runs from seed ${seed}`)
    expect(operations).toBeGreaterThanOrEqual(least)
  })
})

/** Offsets of hours make priorities strict; what is short is over at the next operation, what is long never ends. */
function privateHive(base: TestHive, run: number, { config }: Setting): Hive {
  return createHive(
    {
      ...base.config,
      stage: `${base.config.stage}-${run}`,
      offsetHighMs: 3_600_000,
      offsetMediumMs: 7_200_000,
      offsetLowMs: 10_800_000,
      ...config,
    },
    { log: base.log, queue: base.queue, ids: { ...base.ids } },
  )
}
