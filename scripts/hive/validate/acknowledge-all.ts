import type { HiveClient } from '../client.ts'

const patienceMs = 60_000

/** Receives and acknowledges until every id is settled or a minute is over; resolves with how many of them were. */
export async function acknowledgeAll(client: HiveClient, ids: Map<string, Set<string>>): Promise<number> {
  const counts = await Promise.all(
    [...ids].map(([agent, expected]) => acknowledgeInbox(client, agent, new Set(expected))),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

async function acknowledgeInbox(client: HiveClient, agent: string, expected: Set<string>): Promise<number> {
  const giveUpAt = Date.now() + patienceMs
  let acknowledged = 0
  while (expected.size > 0 && Date.now() < giveUpAt) {
    const { messages } = await client.receive(agent, { max: 100, wait_seconds: 2 })
    if (messages.length === 0) continue
    const { results } = await client.settle(agent, { acks: messages.map(({ receipt }) => receipt) })
    const delivered = new Set(results.filter((result) => 'outcome' in result).map(({ receipt }) => receipt))
    for (const { receipt, message } of messages) {
      if (delivered.has(receipt) && expected.delete(message.message_id)) acknowledged++
    }
  }
  return acknowledged
}
