/** How many messages of an inbox are in each live state. */
export type Counts = {
  /** Can be handed over now. */
  ready: number
  /** Wait behind another message of their ordering key. */
  held: number
  /** Wait for their delay or their next attempt. */
  delayed: number
  /** Handed over, not settled yet. */
  leased: number
  /** Dead letters. */
  dead: number
}

/** Names the counts in the order of the prelude's `counts`. */
export function namedCounts(row: (number | string)[]): Counts {
  const [ready, held, delayed, leased, dead] = row.map(Number)
  return { ready: ready ?? 0, held: held ?? 0, delayed: delayed ?? 0, leased: leased ?? 0, dead: dead ?? 0 }
}
