import { expect, it } from 'vitest'
import type { Breakage } from './break-bus.ts'
import { checkHistory } from './check/check-history.ts'
import type { ViolationKind } from './check/violation.ts'
import { startFaultCloud } from './fault-cloud.ts'
import { noQueueFaults } from './faulty-queues.ts'
import type { Fault } from './plan-faults.ts'
import { runHistory } from './run-history.ts'

/** A sweep every hour is none within a run: what needs it to be found stays lost. */
const never = 3_600_000

type Case = { breakage: Breakage; shownBy: ViolationKind[]; schedule: Fault[]; sweepMs: number }

const lostAnswers = (atMs: number): Fault => ({ atMs, kind: 'redis refuses or drops', how: 'drop-after', times: 12 })
const cases: Case[] = [
  {
    breakage: 'settles without fencing',
    shownBy: ['settled without its lease'],
    schedule: [],
    sweepMs: 400,
  },
  {
    breakage: 'publishes without dedup',
    shownBy: ['accepted twice', 'conflict accepted', 'delivered again', 'settled without its lease'],
    schedule: [lostAnswers(300), lostAnswers(900), lostAnswers(1_500)],
    sweepMs: 400,
  },
  {
    breakage: 'clears the wake too late',
    shownBy: ['lost'],
    schedule: [{ atMs: 0, kind: 'queue unreliable', ms: 3_000, faults: { ...noQueueFaults, late: 0.5, lateMs: 100 } }],
    sweepMs: never,
  },
]

it.each(cases)(
  'a build that $breakage is caught, and the same runs of a good one pass',
  { timeout: 240_000 },
  async ({ breakage, shownBy, schedule, sweepMs }) => {
    const kindsOf = async (options: { breakage?: Breakage }) => {
      const cloud = await startFaultCloud({ sweepMs, ...options })
      try {
        const history = await runHistory(cloud, {
          seed: 1,
          messages: 600,
          schedule,
          faultyEndpoints: 0,
          patienceMs: 8_000,
        })
        return new Set(checkHistory(history).map(({ kind }) => kind))
      } finally {
        await cloud.stop()
      }
    }
    const broken = await kindsOf({ breakage })
    expect([...broken].filter((kind) => shownBy.includes(kind))).not.toEqual([])
    expect([...(await kindsOf({}))]).toEqual([])
  },
)
