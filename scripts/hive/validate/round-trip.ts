import { isDeepStrictEqual } from 'node:util'
import { v7 as uuidv7 } from 'uuid'
import type { HiveClient } from '../client.ts'

const patienceMs = 20_000

/**
 * Sends one message on its whole way: publish, publish again, receive, acknowledge, look up. Resolves with what went
 * wrong, or with undefined.
 */
export async function roundTrip(client: HiveClient, from: string, to: string): Promise<string | undefined> {
  const message = {
    version: 1,
    message_id: uuidv7(),
    from_agent: from,
    to_agent: to,
    message_type: 'validate',
    priority: 'CRITICAL',
    timestamp: new Date().toISOString(),
    ttl: 300,
    body: { text: 'Grüße, 世界', numbers: [1, 2.5, -3], nested: { empty: {} } },
  }
  const first = await client.publish(message)
  const second = await client.publish(message)
  if (first.duplicate || !second.duplicate) return 'the same message published twice was not recognised'
  const leased = await receiveById(client, to, message.message_id)
  if (!leased) return 'the message was published and did not arrive'
  if (!isDeepStrictEqual(leased.message.body, message.body)) return 'the body that arrived is not the one that was sent'
  await client.settle(to, { acks: [leased.receipt] })
  const { recipients } = await client.messageStatus(message.message_id, from)
  const status = recipients[0]?.status
  return status === 'delivered' ? undefined : `the message was acknowledged and is ${status}, not delivered`
}

/** Leases until the message is there. What else waits is left of an earlier run that was cut off: it is acknowledged. */
async function receiveById(client: HiveClient, agent: string, messageId: string) {
  const giveUpAt = Date.now() + patienceMs
  while (Date.now() < giveUpAt) {
    const { messages } = await client.receive(agent, { max: 100, wait_seconds: 2 })
    const found = messages.find(({ message }) => message.message_id === messageId)
    const others = messages.filter((leased) => leased !== found).map(({ receipt }) => receipt)
    if (others.length > 0) await client.settle(agent, { acks: others })
    if (found) return found
  }
  return undefined
}
