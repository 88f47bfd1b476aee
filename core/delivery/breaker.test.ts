import { describe, expect, it } from 'vitest'
import { type Breaker, closedBreaker, enterBreaker, recordOutcome } from './breaker.ts'

const settings = { breakerFailures: 3, breakerSlowMs: 1_000, breakerOpenMs: 10_000 }
const holdMs = 500
const good = { ok: true, latencyMs: 10, probe: false }
const bad = { ok: false, latencyMs: 10, probe: false }
const slow = { ok: true, latencyMs: 1_001, probe: false }

const following = (...outcomes: (typeof good)[]) =>
  outcomes.reduce<Breaker>((breaker, outcome) => recordOutcome(breaker, outcome, 0, settings), closedBreaker)

/** Lets one probe through at the breaker's time and records what came of it. */
function probe(breaker: Breaker, outcome: typeof good): Breaker {
  const at = breaker.openUntilMs
  const entry = enterBreaker(breaker, at, holdMs)
  if (entry.admission !== 'probe') throw new Error(`expected a probe, got ${entry.admission}`)
  return recordOutcome(entry.breaker, { ...outcome, probe: true }, at, settings)
}

describe('a breaker', () => {
  it('admits everything while closed', () => {
    expect(enterBreaker(closedBreaker, 0, holdMs).admission).toBe('free')
    expect(enterBreaker(following(bad, bad), 0, holdMs).admission).toBe('free')
  })

  it('opens after failures in a row', () => {
    expect(enterBreaker(following(bad, bad, bad), 4_000, holdMs)).toEqual({ admission: 'wait', waitMs: 6_000 })
  })

  it('opens on answers that are too slow, even good ones', () => {
    expect(enterBreaker(following(slow, bad, slow), 0, holdMs).admission).toBe('wait')
  })

  it('forgets failures after a good answer', () => {
    expect(following(bad, bad, good, bad, bad).openUntilMs).toBe(0)
  })

  it('lets a single probe through when its time is over', () => {
    const open = following(bad, bad, bad)
    const first = enterBreaker(open, 10_000, holdMs)
    expect(first.admission).toBe('probe')
    if (first.admission !== 'probe') return
    expect(enterBreaker(first.breaker, 10_001, holdMs).admission).toBe('wait')
  })

  it('lets another probe through when the first was never recorded', () => {
    const first = enterBreaker(following(bad, bad, bad), 10_000, holdMs)
    if (first.admission !== 'probe') throw new Error(`expected a probe, got ${first.admission}`)
    expect(enterBreaker(first.breaker, 10_000 + holdMs, holdMs).admission).toBe('probe')
  })

  it('closes after a good probe', () => {
    expect(probe(following(bad, bad, bad), good)).toEqual(closedBreaker)
  })

  it('stays open twice as long after each failed probe, up to 15 minutes', () => {
    let breaker = following(bad, bad, bad)
    const waits: number[] = []
    for (let round = 0; round < 9; round += 1) {
      const at = breaker.openUntilMs
      breaker = probe(breaker, round % 2 === 0 ? bad : slow)
      waits.push(breaker.openUntilMs - at)
    }
    expect(waits).toEqual([20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 900_000, 900_000, 900_000])
  })

  it('does not count sends that were under way when it opened as failed probes', () => {
    expect(following(bad, bad, bad, bad, bad, slow, bad)).toEqual(following(bad, bad, bad))
  })

  it('honours a configured time of more than 15 minutes', () => {
    const open = recordOutcome(following(bad, bad), bad, 0, { ...settings, breakerOpenMs: 3_600_000 })
    expect(open.openUntilMs).toBe(3_600_000)
  })
})
