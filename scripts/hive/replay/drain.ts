import type { HiveClient } from '../client.ts'
import type { OldestMessage } from './envelope.ts'
import type { Accepted } from './publish-rows.ts'

export type Drained = { acknowledged: number; delivered: number; missing: { message_id: string; status: string }[] }

const patienceMs = 60_000
const lookupsAtOnce = 8

/**
 * Receives and acknowledges the given messages, then asks for the status of each. Messages of others that carry the same
 * correlation id are given back at once. What could not be received within a minute is in `missing`, by its status.
 */
export async function drain(client: HiveClient, accepted: Accepted[]): Promise<Drained> {
  const messages = accepted.map(({ message }) => message)
  const pending = accepted.filter(({ published }) => published.status === 'pending').map(({ message }) => message)
  let acknowledged = 0
  for (const group of byInboxAndThread(pending)) acknowledged += await receiveAll(client, group)
  const missing = await undelivered(client, messages)
  return { acknowledged, delivered: messages.length - missing.length, missing }
}

type Group = { agent: string; thread: string; waiting: Map<string, OldestMessage> }

function byInboxAndThread(messages: OldestMessage[]): Group[] {
  const groups = new Map<string, Group>()
  for (const message of messages) {
    const key = JSON.stringify([message.to_agent, message.correlation_id])
    const group = groups.get(key) ?? { agent: message.to_agent, thread: message.correlation_id, waiting: new Map() }
    group.waiting.set(identity(message), message)
    groups.set(key, group)
  }
  return [...groups.values()]
}

const identity = (message: { from_agent: string; message_id: string }) =>
  JSON.stringify([message.from_agent, message.message_id])

async function receiveAll(client: HiveClient, { agent, thread, waiting }: Group): Promise<number> {
  const giveUpAt = Date.now() + patienceMs
  const foreign: string[] = []
  let acknowledged = 0
  while (waiting.size > 0 && Date.now() < giveUpAt) {
    const received = await client.receive(agent, { max: 100, correlation_id: thread, wait_seconds: 1 })
    const ours = received.messages.filter(({ message }) => waiting.has(identity(message)))
    foreign.push(...received.messages.filter((leased) => !ours.includes(leased)).map(({ receipt }) => receipt))
    if (ours.length > 0) {
      const settled = await client.settle(agent, { acks: ours.map(({ receipt }) => receipt) })
      acknowledged += settled.results.filter((result) => 'outcome' in result && result.outcome === 'delivered').length
      for (const { message } of ours) waiting.delete(identity(message))
    }
    // nothing came: what is left may have been delivered meanwhile, or be held by another receiver
    if (received.messages.length === 0) await forgetSettled(client, waiting)
  }
  await giveBack(client, agent, foreign)
  return acknowledged
}

async function giveBack(client: HiveClient, agent: string, receipts: string[]): Promise<void> {
  for (let start = 0; start < receipts.length; start += 100) {
    const nacks = receipts
      .slice(start, start + 100)
      .map((receipt) => ({ receipt, delay_seconds: 0, reason: 'received by a replay that it is no part of' }))
    await client.settle(agent, { nacks })
  }
}

async function forgetSettled(client: HiveClient, waiting: Map<string, OldestMessage>): Promise<void> {
  const statuses = await statusesOf(client, [...waiting.values()])
  for (const [message, status] of statuses) if (status !== 'pending') waiting.delete(identity(message))
}

async function undelivered(client: HiveClient, messages: OldestMessage[]): Promise<Drained['missing']> {
  const statuses = await statusesOf(client, messages)
  return statuses
    .filter(([, status]) => status !== 'delivered')
    .map(([message, status]) => ({ message_id: message.message_id, status }))
}

async function statusesOf(client: HiveClient, messages: OldestMessage[]): Promise<[OldestMessage, string][]> {
  const statuses: [OldestMessage, string][] = []
  const queue = messages.values()
  const look = async () => {
    for (const message of queue) statuses.push([message, await statusOf(client, message)])
  }
  await Promise.all(Array.from({ length: lookupsAtOnce }, look))
  return statuses
}

async function statusOf(client: HiveClient, message: OldestMessage): Promise<string> {
  const { recipients } = await client.messageStatus(message.message_id, message.from_agent)
  return recipients.find(({ agent }) => agent === message.to_agent)?.status ?? 'unknown'
}
