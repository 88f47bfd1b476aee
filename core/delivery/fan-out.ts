import { decodeReceipt } from '../bus/receipt.ts'
import type { Leased } from '../bus/receive.ts'
import { handOver } from '../bus/relay/hand-over.ts'
import { readLater, readProgress } from '../bus/relay/handed.ts'
import { type Member, readMembers } from '../bus/relay/members.ts'
import type { Hive } from '../hive.ts'
import { encodeEnvelope } from '../protocol/envelope.ts'
import { endOfLife, type RelayDecision, runRelay } from './run-relay.ts'

/** Subscribers that are read at once and that one script hands a message to at most, and the bytes of history that it may write for them. */
const mostRecipients = 200
const mostBytes = 4 * 1024 * 1024

/**
 * Hands what was published to a topic to those who had subscribed by then and want its message type: to each once,
 * whatever fails on the way, because each script keeps who has it and how far the subscribers have been read.
 * A recipient whose inbox is full is tried again until the message's life ends, then the message has failed there.
 * Raises redis.unavailable.
 */
export async function fanOut(hive: Hive, topic: string): Promise<void> {
  const relay = `topic:${topic}`
  await runRelay(hive, relay, (leased, end) => fanOutOne(hive, topic, relay, leased, end))
}

async function fanOutOne(
  hive: Hive,
  topic: string,
  relay: string,
  leased: Leased,
  end: number,
): Promise<RelayDecision> {
  const { clock, bus, config } = hive
  const sequence = decodeReceipt(leased.receipt)?.sequence ?? ''
  const limit = pageSize(leased)
  const { cursor } = await readProgress(hive, relay, sequence)
  const delayedUntil = Date.parse(leased.accepted_at) + leased.message.delivery_options.delay_seconds * 1000
  let after = Number(cursor)
  for (;;) {
    if (clock.now() >= end) return { kind: 'release' }
    const members = await readMembers(hive, topic, { after, until: Number(sequence), limit: mostRecipients })
    const last = members.at(-1)
    if (!last) break
    // its sender saw no subscriber, so that it did not wait, and one came before it was accepted
    if (bus.now() < delayedUntil) return { kind: 'later', until: delayedUntil }
    after = last.since
    const wanted = members.filter((member) => wants(member, leased))
    for (let from = 0; from < wanted.length; from += limit) {
      if (clock.now() >= end) return { kind: 'release' }
      const some = wanted.slice(from, from + limit)
      // who stands between them does not want it
      const read = from + limit < wanted.length ? some.at(-1)?.since : after
      const names = some.map(({ agent }) => agent)
      const results = await handOver(hive, relay, leased, names, { cursor: String(read) })
      if (typeof results === 'string') return { kind: 'release' }
    }
  }
  // the last look before the end of its life is the one that gives up
  const giveUp = bus.now() + config.relayRetryMs >= endOfLife(leased)
  return handLater(hive, relay, leased, sequence, { giveUp, end, firstTime: cursor === '' && !giveUp })
}

/** Hands a message to those whose inboxes were full before. */
async function handLater(
  hive: Hive,
  relay: string,
  leased: Leased,
  sequence: string,
  { giveUp, end, firstTime }: { giveUp: boolean; end: number; firstTime: boolean },
): Promise<RelayDecision> {
  let full = false
  let next = '0'
  do {
    if (hive.clock.now() >= end) return { kind: 'release' }
    const page = await readLater(hive, relay, sequence, next)
    next = page.next
    if (page.agents.length === 0) continue
    // they were full a moment ago
    if (firstTime) return { kind: 'later' }
    const limit = pageSize(leased)
    for (let at = 0; at < page.agents.length; at += limit) {
      const results = await handOver(hive, relay, leased, page.agents.slice(at, at + limit), { giveUp })
      if (typeof results === 'string') return { kind: 'release' }
      full ||= !giveUp && results.includes('full')
    }
  } while (next !== '0')
  return { kind: full ? 'later' : 'done' }
}

function wants({ message_types }: Member, { message }: Leased): boolean {
  return message_types === null || message_types.includes(message.message_type)
}

function pageSize({ message }: Leased): number {
  const bytes = Buffer.byteLength(encodeEnvelope(message))
  return Math.max(1, Math.min(mostRecipients, Math.floor(mostBytes / bytes)))
}
