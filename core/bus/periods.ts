import type { HiveConfig } from '../config.ts'

/** The longest life of a message: 14 days, the limit that SQS has too. */
const longestLifeMs = 1_209_600_000

/** Lengths (ms) of the time buckets in which ledgers and outcomes are kept, and how many of them can hold an entry. */
export type Periods = {
  /** Ledger of messages that live at most `shortLifeMs`: dedup looks at this bucket and the one before. */
  short: number
  /** Ledger of longer ones: dedup looks at this bucket and the two before. */
  long: number
  /** Outcomes of settled messages. */
  settled: number
  /** How long a ledger entry outlives its message. */
  keep: number
  /** Buckets that may still hold an entry. */
  shortBuckets: number
  longBuckets: number
  settledBuckets: number
}

/** Derives the buckets from the configured margins: two short or three long ones always cover life plus margin. */
export function periodsOf(config: HiveConfig): Periods {
  const { shortLifeMs } = config
  const short = shortLifeMs + config.dedupMarginMs
  const long = Math.ceil((longestLifeMs + config.dedupMarginMs) / 2)
  const settled = Math.max(1, Math.ceil(config.statusRetentionMs / 3))
  const keep = Math.max(config.dedupMarginMs, config.statusRetentionMs)
  return {
    short,
    long,
    settled,
    keep,
    shortBuckets: Math.ceil((shortLifeMs + keep) / short) + 1,
    longBuckets: Math.ceil((longestLifeMs + keep) / long) + 1,
    settledBuckets: Math.ceil(config.statusRetentionMs / settled) + 1,
  }
}
