/**
 * When calls are due, in ms from the start, if they come at random and independently at so many a second on average.
 * @param random in [0, 1)
 */
export function poissonArrivals(rate: number, seconds: number, random: () => number): number[] {
  const due: number[] = []
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random()) / rate) * 1_000
    if (at >= seconds * 1_000) return due
    due.push(at)
  }
}
