/** One side of a comparison: does its work once and says how many units that was. */
export type Side = { name: string; prepare?(): Promise<void>; run(): Promise<number> }

export type Result = {
  name: string
  unit: string
  sides: { name: string; median: number; least: number; most: number }[]
  /** Median of the round-by-round ratios of the first side to each of the others. */
  ratios: number[]
}

/**
 * Measures sides in turn, round after round, so that a machine whose speed drifts drifts for all of them. The first
 * `warmUp` rounds do not count. Answers units a second.
 */
export async function measureRates(
  name: string,
  unit: string,
  sides: Side[],
  rounds: number,
  { warmUp = 1 } = {},
): Promise<Result> {
  const rates = sides.map((): number[] => [])
  for (let round = 1 - warmUp; round <= rounds; round++) {
    for (const [i, side] of sides.entries()) {
      await side.prepare?.()
      const start = performance.now()
      const units = await side.run()
      const rate = units / ((performance.now() - start) / 1000)
      if (round > 0) rates[i]?.push(rate)
    }
  }
  return summarise(name, unit, sides, rates)
}

/**
 * Measures how long single calls take, the sides in turn call by call. Answers milliseconds, one result for each of the
 * percentiles.
 */
export async function measureLatencies(
  name: string,
  sides: { name: string; call(): Promise<unknown> }[],
  calls: number,
  percentiles: number[],
): Promise<Result[]> {
  const times = sides.map((): number[] => [])
  const warmUp = Math.ceil(calls / 10)
  for (let call = -warmUp; call < calls; call++) {
    for (const [i, side] of sides.entries()) {
      const start = performance.now()
      await side.call()
      if (call >= 0) times[i]?.push(performance.now() - start)
    }
  }
  return percentiles.map((percentile) => {
    const pick = (list: number[]) => quantile(list, percentile)
    return {
      name,
      unit: `ms, p${percentile * 100}`,
      sides: sides.map((side, i) => {
        const list = times[i] as number[]
        return { name: side.name, median: pick(list), least: quantile(list, 0), most: quantile(list, 1) }
      }),
      ratios: times.slice(1).map((list) => pick(times[0] as number[]) / pick(list)),
    }
  })
}

function summarise(name: string, unit: string, sides: Side[], rates: number[][]): Result {
  const first = rates[0] as number[]
  return {
    name,
    unit,
    sides: sides.map((side, i) => {
      return spreadOf(side.name, rates[i] as number[])
    }),
    ratios: rates.slice(1).map((list) =>
      quantile(
        list.map((rate, round) => (first[round] as number) / rate),
        0.5,
      ),
    ),
  }
}

/** What is told of a side. */
export function spreadOf(name: string, list: number[]): Result['sides'][number] {
  return { name, median: quantile(list, 0.5), least: quantile(list, 0), most: quantile(list, 1) }
}

export function quantile(list: number[], part: number): number {
  const sorted = [...list].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN
}
