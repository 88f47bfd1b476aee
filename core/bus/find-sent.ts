import type { Hive } from '../hive.ts'
import { segment } from './segments.ts'

/** Where a sender's message is: its recipient, and its sequence there. */
export type Sent = { acceptedAt: number; sequence: string; recipient: string }

/** Finds a message by its sender and id while its status is kept. Raises redis.unavailable. */
export async function findSent(hive: Hive, fromAgent: string, messageId: string): Promise<Sent | undefined> {
  const { keys, periods, now } = hive.bus
  const short = Math.floor(now() / periods.short)
  const long = Math.floor(now() / periods.long)
  const entry = await latestEntry(hive, messageId, [
    ...bucketsAround(short, periods.shortBuckets).map((period) => keys.sentShort(fromAgent, period)),
    ...bucketsAround(long, periods.longBuckets).map((period) => keys.sentLong(fromAgent, period)),
  ])
  if (entry) return entry
  // a dead letter outlives the ledgers
  const dead = bucketsAround(Math.floor(now() / periods.dead), periods.deadBuckets)
  return latestEntry(
    hive,
    messageId,
    dead.map((period) => keys.sentDead(fromAgent, period)),
  )
}

/** The current bucket, the next one (this clock is an estimate of Redis's), and those before that may hold an entry. */
export function bucketsAround(current: number, buckets: number): number[] {
  return Array.from({ length: buckets + 1 }, (_, i) => current + 1 - i)
}

/** An id that was forgotten may have been used anew, in the ledger of another length of life. */
async function latestEntry(hive: Hive, messageId: string, buckets: string[]): Promise<Sent | undefined> {
  const field = `i:${messageId}`
  const firsts = await hive.bus.ask((redis) => {
    const pipeline = redis.pipeline()
    for (const key of buckets) pipeline.hmget(key, field, 'last')
    // without deserialisation the client gives rows, whatever its type says
    return pipeline.exec() as unknown as Promise<[entry: string | null, last: string | null][]>
  })
  const entries: (string | null)[] = firsts.map(([entry]) => entry)
  const further = firsts.flatMap(([, last], i) =>
    Array.from({ length: Number(last ?? 0) }, (_, index) => segment(buckets[i] as string, index + 1)),
  )
  if (further.length > 0 && !entries.some((entry) => entry !== null)) {
    const more = await hive.bus.ask((redis) => {
      const pipeline = redis.pipeline()
      for (const key of further) pipeline.hget(key, field)
      return pipeline.exec<(string | null)[]>()
    })
    entries.push(...more)
  }
  const found = entries.flatMap((text) => (text === null ? [] : [decodeEntry(text)]))
  return found.sort((a, b) => b.acceptedAt - a.acceptedAt)[0]
}

/** An entry is `<digest> <accepted ms> <sequence> <recipient>`. */
function decodeEntry(entry: string): Sent {
  const [, acceptedAt, sequence = '', ...recipient] = entry.split(' ')
  return { acceptedAt: Number(acceptedAt), sequence, recipient: recipient.join(' ') }
}
