import type { HiveConfig } from '../config.ts'

/** The longest life of a message: 14 days, the limit that SQS has too. */
const longestLifeMs = 1_209_600_000

/** The longest lease, which may outlive its message. */
const longestLeaseMs = 43_200_000

/** Shorter buckets would turn while a request travels. */
const shortestBucketMs = 100

/** Lengths (ms) of the time buckets in which ledgers and outcomes are kept, and how many of them can hold an entry. */
export type Periods = {
  /** Ledger of messages that live at most `shortLifeMs`: dedup looks at this bucket and the one before. */
  short: number
  /** Ledger of longer ones: dedup looks at this bucket and the two before. */
  long: number
  /** Outcomes of settled messages. Those of longer-lived messages are kept by the long ledger's buckets. */
  settled: number
  /** How long a ledger entry outlives its message: a status is asked for by way of its ledger entry. */
  keep: number
  /** How long outcomes are kept: at least as long as dedup can find a message, so that a duplicate is told its status. */
  outcomes: number
  /** Where dead letters are, noted for their senders. */
  dead: number
  /** How long such a note is kept: until the outcome of a letter that nobody saw to has ended too. */
  keepDead: number
  /** Buckets that may still hold an entry. */
  shortBuckets: number
  longBuckets: number
  settledBuckets: number
  settledLongBuckets: number
  deadBuckets: number
}

/** Derives the buckets from the configured margins: two short or three long ones always cover life plus margin. */
export function periodsOf(config: HiveConfig): Periods {
  const { shortLifeMs, dedupMarginMs, statusRetentionMs } = config
  const short = shortLifeMs + dedupMarginMs
  const long = Math.ceil((longestLifeMs + dedupMarginMs) / 2)
  const outcomes = Math.max(statusRetentionMs, 2 * short)
  const settled = Math.max(shortestBucketMs, Math.ceil(outcomes / 4))
  const keepDead = config.deadRetentionMs + outcomes
  const dead = Math.max(shortestBucketMs, Math.ceil(keepDead / 4))
  const keep = Math.max(dedupMarginMs, statusRetentionMs + Math.min(longestLeaseMs, shortLifeMs))
  return {
    short,
    long,
    settled,
    keep,
    outcomes,
    dead,
    keepDead,
    shortBuckets: Math.ceil((shortLifeMs + keep) / short) + 1,
    longBuckets: Math.ceil((longestLifeMs + keep) / long) + 1,
    settledBuckets: Math.ceil(outcomes / settled) + 1,
    settledLongBuckets: Math.ceil(Math.max(outcomes, 2 * long) / long) + 1,
    deadBuckets: Math.ceil(keepDead / dead) + 1,
  }
}
