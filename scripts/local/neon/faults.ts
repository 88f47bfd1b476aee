/** What can be made to go wrong at the local Neon's HTTP side. */
export type Faults = {
  /** Added before each answer. */
  latencyMs: number
  /** Answers the next requests with this status instead of running them: 500, 503, 507 … */
  failNext(count: number, status: number): void
  /** Runs the next requests, then cuts the connection where the answer would have been. */
  dropNextAnswers(count: number): void
}

/** One request's fate, taken off the count of what was asked for. */
export type Fate = { failWith?: number; dropAnswer: boolean }

export function createFaults(): Faults & { next(): Fate } {
  let failing = { count: 0, status: 500 }
  let dropping = 0
  return {
    latencyMs: 0,
    failNext(count, status) {
      failing = { count, status }
    },
    dropNextAnswers(count) {
      dropping = count
    },
    next() {
      if (failing.count > 0) {
        failing.count -= 1
        return { failWith: failing.status, dropAnswer: false }
      }
      const dropAnswer = dropping > 0
      if (dropAnswer) dropping -= 1
      return { dropAnswer }
    },
  }
}
