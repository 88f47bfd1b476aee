export type Point = { at: number; value: number }

/**
 * Slope of a line through points by Theil and Sen: the median of the slopes of all pairs, which points far off hardly move.
 * 0 for fewer than two points.
 */
export function theilSen(points: Point[]): number {
  const slopes: number[] = []
  for (const [i, a] of points.entries()) {
    for (const b of points.slice(i + 1)) if (a.at !== b.at) slopes.push((b.value - a.value) / (b.at - a.at))
  }
  if (slopes.length === 0) return 0
  slopes.sort((a, b) => a - b)
  const middle = slopes.length >> 1
  const upper = slopes[middle] as number
  return slopes.length % 2 === 1 ? upper : ((slopes[middle - 1] as number) + upper) / 2
}
