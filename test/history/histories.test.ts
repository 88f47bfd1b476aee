import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkHistory } from './check/check-history.ts'
import { type FaultCloud, startFaultCloud } from './fault-cloud.ts'
import { planFaults } from './plan-faults.ts'
import { addRun, emptyReport, writeReport } from './report.ts'
import { runHistory } from './run-history.ts'

/** `HIVE_HISTORY_SEEDS=17` or `=1-50` repeats some runs. */
const isFull = process.env.HIVE_TEST_FULL === '1'
const [first = 1, last = first] = (process.env.HIVE_HISTORY_SEEDS ?? (isFull ? '1-200' : '1-3')).split('-').map(Number)
const seeds = Array.from({ length: last - first + 1 }, (_, i) => first + i)
const messages = isFull || process.env.HIVE_HISTORY_SEEDS ? 2_000 : 500
/** A cloud is started anew after so many runs: what it keeps of them makes the next ones slower. */
const runsOfACloud = 5

describe('whatever fails, nothing is lost, doubled, out of order or told wrong', () => {
  const report = emptyReport()
  const started = performance.now()
  let cloud: FaultCloud | undefined
  let runs = 0

  beforeAll(async () => {
    cloud = await startFaultCloud({ sweepMs: 400 })
  }, 60_000)
  afterAll(async () => {
    await cloud?.stop()
    if (isFull && report.runs >= 200) {
      const text = writeReport(report, (performance.now() - started) / 1000)
      await writeFile(join(import.meta.dirname, 'last-report.md'), text)
    }
  }, 60_000)

  it.each(seeds)('seed %i', { timeout: 120_000 }, async (seed) => {
    if (runs++ > 0 && runs % runsOfACloud === 0) {
      await cloud?.stop()
      cloud = await startFaultCloud({ sweepMs: 400 })
    }
    if (!cloud) throw new Error('there is no cloud')
    const schedule = planFaults(seed)
    const before = { ...cloud.queues.counts }
    const history = await runHistory(cloud, { seed, messages, schedule, faultyEndpoints: 0.3 })
    const violations = checkHistory(history)
    const queueFaults = { ...cloud.queues.counts }
    for (const [name, times] of Object.entries(before)) queueFaults[name as keyof typeof before] -= times
    addRun(report, { history, schedule, misbehaved: history.misbehaved, queueFaults, violations: violations.length })
    expect(violations.slice(0, 10)).toEqual([])
    expect(violations).toHaveLength(0)
    expect(history.quiet.endings.length).toBeGreaterThan(messages / 2)
  })
})
