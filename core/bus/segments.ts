/**
 * Hashes that grow with the traffic go on in a further segment before they reach the largest record that Upstash takes.
 * The first segment has the plain name, and a field `last` once there are more. A process learns from the scripts how
 * many there are, and remembers it.
 */
export type Segments = {
  /** The segments of a bucket that may hold an entry, the first one first; with `spare` one more, to go on in. */
  all(bucket: string, spare?: boolean): string[]
  /** The segment that is written to. */
  current(bucket: string): string
  /** Takes note of what a script answered: bucket, index of its last segment, … */
  learn(answer: unknown[]): void
}

/** Of so many buckets at most it is remembered that they have further segments; they are learnt again otherwise. */
const mostRemembered = 10_000

export function createSegments(): Segments {
  const last = new Map<string, number>()
  // where there are none, a name need not be looked up, which is to hash it first
  const lastOf = (bucket: string) => (last.size === 0 ? 0 : (last.get(bucket) ?? 0))
  return {
    all(bucket, spare = false) {
      const names = [bucket]
      for (let index = 1; index <= lastOf(bucket) + (spare ? 1 : 0); index++) names.push(segment(bucket, index))
      return names
    },
    current: (bucket) => segment(bucket, lastOf(bucket)),
    learn(answer) {
      if (last.size > mostRemembered) last.clear()
      for (let i = 0; i + 1 < answer.length; i += 2) last.set(String(answer[i]), Number(answer[i + 1]))
    },
  }
}

/** The name of a segment; the scripts build the same. */
export function segment(bucket: string, index: number): string {
  return index === 0 ? bucket : `${bucket}:${index}`
}
