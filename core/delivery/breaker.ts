import type { HiveConfig } from '../config.ts'

/**
 * The circuit breaker of one endpoint: failures in a row, and until when nothing is sent (ms since the epoch, 0 when
 * closed). The receive script keeps to it: nothing is claimed for delivery before that time, and then one message only,
 * the probe.
 */
export type Breaker = { failures: number; openUntilMs: number }

export type BreakerSettings = Pick<HiveConfig, 'breakerFailures' | 'breakerSlowMs' | 'breakerOpenMs'>

export const closedBreaker: Breaker = { failures: 0, openUntilMs: 0 }

/** The longest time that a breaker stays open without a probe; SQS can delay a wake no longer. */
const maxOpenMs = 15 * 60_000

/**
 * Records what came of a send. A good answer in good time closes the breaker; a failure, or any answer slower than
 * `breakerSlowMs`, counts against it. After `breakerFailures` in a row it opens, for `breakerOpenMs` at first and twice
 * as long after each failed probe, up to 15 minutes.
 * @param outcome.ok whether the endpoint answered usefully (any decision but `retry`)
 * @param outcome.probe whether it was sent while the breaker was open, as the probe: sends that were already under way
 * when the breaker opened fail together and must not count as so many probes
 */
export function recordOutcome(
  breaker: Breaker,
  outcome: { ok: boolean; latencyMs: number; probe: boolean },
  nowMs: number,
  settings: BreakerSettings,
): Breaker {
  if (outcome.ok && outcome.latencyMs <= settings.breakerSlowMs) return closedBreaker
  if (breaker.openUntilMs !== 0 && !outcome.probe) return breaker
  const failures = breaker.failures + 1
  const failedProbes = failures - settings.breakerFailures
  if (failedProbes < 0) return { failures, openUntilMs: 0 }
  const openMs = Math.min(settings.breakerOpenMs * 2 ** failedProbes, Math.max(settings.breakerOpenMs, maxOpenMs))
  return { failures, openUntilMs: nowMs + openMs }
}
