import type { Memory } from '../tell-memory.ts'
import { type Point, theilSen } from '../theil-sen.ts'

/** What all processes, and Redis, held at a moment. */
export type Look = { seconds: number; processes: Map<string, Memory>; redis: number; keys: number }

export type Held = {
  name: string
  first: number
  last: number
  /** Bytes a minute, by Theil and Sen. */
  growth: number
  rss: number | null
  rssGrowth: number | null
  isSteady: boolean
}

/** A process, or Redis, that grows by more bytes a minute is not steady. */
export const steadyBytes = 1024 ** 2
/** The first part of the looks, in which caches fill, code is compiled and what Redis remembers for a while comes together. */
const settling = 0.4

/**
 * How much each process held, objects and buffers once garbage is collected, and by how much it grew; the same for Redis. What a
 * process has from the operating system is told too, and judges nothing: V8 gives it back when it likes.
 */
export function heldOver(looks: Look[]): Held[] {
  const judged = looks.slice(Math.floor(looks.length * settling))
  const slope = (value: (look: Look) => number) =>
    60 * theilSen(judged.map((look): Point => ({ at: look.seconds, value: value(look) })))
  const ends = (value: (look: Look) => number) => {
    const [first, last] = [judged[0], judged.at(-1)]
    return { first: first ? value(first) : 0, last: last ? value(last) : 0 }
  }
  const memory = (name: string, of: (memory: Memory) => number) => (look: Look) => {
    const held = look.processes.get(name)
    return held ? of(held) : 0
  }
  const processes = [...(judged[0]?.processes.keys() ?? [])].map((name): Held => {
    const own = memory(name, ({ heap, external }) => heap + external)
    const rss = memory(name, (held) => held.rss)
    const growth = slope(own)
    return { name, ...ends(own), growth, rss: ends(rss).last, rssGrowth: slope(rss), isSteady: growth < steadyBytes }
  })
  const redis = (look: Look) => look.redis
  const growth = slope(redis)
  return [
    ...processes,
    { name: 'Redis', ...ends(redis), growth, rss: null, rssGrowth: null, isSteady: growth < steadyBytes },
  ]
}
