import { describe, expect, it } from 'vitest'
import { type Breaker, closedBreaker, recordOutcome } from './breaker.ts'

const settings = { breakerFailures: 3, breakerSlowMs: 1_000, breakerOpenMs: 10_000 }
const good = { ok: true, latencyMs: 10, probe: false }
const bad = { ok: false, latencyMs: 10, probe: false }
const slow = { ok: true, latencyMs: 1_001, probe: false }

const following = (...outcomes: (typeof good)[]) =>
  outcomes.reduce<Breaker>((breaker, outcome) => recordOutcome(breaker, outcome, 0, settings), closedBreaker)

/** Sends the probe when the breaker's time is over. */
const probe = (breaker: Breaker, outcome: typeof good) =>
  recordOutcome(breaker, { ...outcome, probe: true }, breaker.openUntilMs, settings)

describe('a breaker', () => {
  it('opens after failures in a row', () => {
    expect(following(bad, bad)).toEqual({ failures: 2, openUntilMs: 0 })
    expect(following(bad, bad, bad)).toEqual({ failures: 3, openUntilMs: 10_000 })
  })

  it('opens on answers that are too slow, even good ones', () => {
    expect(following(slow, bad, slow).openUntilMs).toBe(10_000)
  })

  it('forgets failures after a good answer', () => {
    expect(following(bad, bad, good, bad, bad).openUntilMs).toBe(0)
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
