import { setTimeout as delay } from 'node:timers/promises'

export type Loaded = {
  /** From when each call was due to its answer, in ms; infinite for one that failed or was given up. */
  times: number[]
  /** Calls that were answered before the last moment of the load. */
  inTime: number
  failed: string[]
  /** How late each call was sent, in ms: the sender's own part of its time. */
  lateness: number[]
}

/** Beyond this after the end of the load nobody waits for an answer. */
const giveUpMs = 5_000

/**
 * Makes a call at each moment of `due` (ms from now), whether or not earlier ones were answered, and times each from when it
 * was due: a call that had to wait for its turn has waited. `tell` is told each time as it comes.
 */
export async function runOpenLoop(
  due: number[],
  seconds: number,
  call: (index: number) => Promise<unknown>,
  tell: (ms: number) => void = () => {},
): Promise<Loaded> {
  const loaded: Loaded = { times: [], inTime: 0, failed: [], lateness: [] }
  const underWay = new Set<Promise<void>>()
  const start = performance.now()
  const end = start + seconds * 1_000
  const answered = (at: number) => {
    const now = performance.now()
    loaded.times.push(now - at)
    tell(now - at)
    if (now <= end) loaded.inTime++
  }
  const failed = (error: unknown) => {
    loaded.times.push(Number.POSITIVE_INFINITY)
    loaded.failed.push(String(error))
  }
  for (const [index, after] of due.entries()) {
    const at = start + after
    const wait = at - performance.now()
    if (wait > 0) await delay(wait)
    loaded.lateness.push(performance.now() - at)
    const one: Promise<void> = call(index)
      .then(() => answered(at), failed)
      .finally(() => underWay.delete(one))
    underWay.add(one)
  }
  await delay(Math.max(0, end - performance.now()))
  await Promise.race([Promise.all(underWay), delay(giveUpMs, undefined, { ref: false })])
  const times = [...loaded.times, ...Array.from(underWay, () => Number.POSITIVE_INFINITY)]
  return { ...loaded, times, failed: [...loaded.failed, ...Array.from(underWay, () => 'was given up')] }
}
