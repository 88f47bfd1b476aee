import { v7 as uuidv7 } from 'uuid'
import type { HiveClient } from '../client.ts'

export type PublishedAtRate = {
  /** Messages published while the clock ran. */
  timed: number
  seconds: number
  /** Every id that was published, by recipient: those before the clock ran too. */
  ids: Map<string, Set<string>>
}

const perBatch = 100
const longestMs = 30_000

/**
 * Publishes in batches of 100, one caller a recipient, and stops after 30 seconds even when fewer messages were
 * published. Each caller's first batch is not timed: it meets cold connections and functions.
 */
export async function publishAtRate(
  client: HiveClient,
  from: string,
  recipients: string[],
  messages: number,
): Promise<PublishedAtRate> {
  const ids = new Map(recipients.map((recipient) => [recipient, new Set<string>()]))
  const publishBatch = async (to: string, count: number) => {
    const batch = Array.from({ length: count }, () => testMessage(from, to))
    await client.publishBatch(batch)
    for (const { message_id } of batch) ids.get(to)?.add(message_id)
  }
  await Promise.all(recipients.map((recipient) => publishBatch(recipient, perBatch)))

  let left = messages
  let timed = 0
  const startedAt = performance.now()
  const caller = async (recipient: string) => {
    while (left > 0 && performance.now() - startedAt < longestMs) {
      const count = Math.min(perBatch, left)
      left -= count
      await publishBatch(recipient, count)
      timed += count
    }
  }
  await Promise.all(recipients.map(caller))
  return { timed, seconds: (performance.now() - startedAt) / 1000, ids }
}

function testMessage(from: string, to: string) {
  return {
    version: 1,
    message_id: uuidv7(),
    from_agent: from,
    to_agent: to,
    message_type: 'validate',
    timestamp: new Date().toISOString(),
    // what a check that was cut off leaves behind is gone by itself
    ttl: 300,
    body: { task: 'summarise', document: 'report-42', attempt: 1 },
  }
}
