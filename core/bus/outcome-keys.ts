import type { Bus, Moment } from './bus.ts'

/** Buckets of outcomes as scripts are given them: every key, and how many segments each bucket has. */
export type OutcomeKeys = { keys: string[]; groups: string }

/** The buckets of these periods, in the order in which they are to be looked at. */
export function outcomeKeys(
  { keys, segments }: Bus,
  agent: string,
  periods: { settled: number[]; long: number[] },
): OutcomeKeys {
  const groups = [
    ...periods.settled.map((period) => segments.all(keys.settled(agent, period))),
    ...periods.long.map((period) => segments.all(keys.settledLong(agent, period))),
  ]
  return { keys: groups.flat(), groups: groups.map(({ length }) => length).join(' ') }
}

/** Where scripts look for outcomes of messages that they may have ended already: this period and the one before. */
export function recentOutcomes(bus: Bus, agent: string, { settled, long }: Moment): OutcomeKeys {
  return outcomeKeys(bus, agent, { settled: [settled, settled - 1], long: [long, long - 1] })
}
