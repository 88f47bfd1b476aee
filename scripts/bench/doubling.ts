import { quantile } from './paired.ts'

/** What twice as much costs beside once, of one pair of sizes. */
export type Doubling = { from: number; to: number; ratio: number; least: number; most: number; isLinear: boolean }

/** What each size took, round by round, in the order of the sizes. */
export type Rounds = number[][]

/**
 * Compares each size with the one before it, of half its size, inside each round: the median of those ratios says whether
 * twice as much costs less than `bound` times as much.
 */
export function doublings(sizes: number[], rounds: Rounds, bound: number): Doubling[] {
  return sizes.slice(1).map((to, i) => {
    const ratios = rounds.map((round) => (round[i + 1] ?? Number.NaN) / (round[i] ?? Number.NaN))
    const ratio = quantile(ratios, 0.5)
    const [least, most] = [quantile(ratios, 0), quantile(ratios, 1)]
    return { from: sizes[i] ?? 0, to, ratio, least, most, isLinear: ratio < bound }
  })
}
