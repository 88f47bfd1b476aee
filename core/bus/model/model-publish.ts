import { contentDigest } from '../../protocol/digest.ts'
import { encodeEnvelope } from '../../protocol/envelope.ts'
import type { AgentMessage } from '../../protocol/message.ts'
import type { Status } from '../../protocol/status.ts'
import { countsOf, type HiveModel, inboxOf, type ModelMessage, period, visibleStatus } from './hive-model.ts'
import { enter } from './move-message.ts'

export type ModelRefusal = { index: number; code: string }

const identityOf = (message: AgentMessage) => `${message.from_agent}\n${message.message_id}`

export type ModelPublished = { message: ModelMessage; duplicate: boolean; status: Status }

/** Accepts all or none. */
export function modelPublish(model: HiveModel, batch: AgentMessage[]): ModelPublished[] | { refused: ModelRefusal[] } {
  const refused: ModelRefusal[] = []
  const refuse = (index: number, code: string) => refused.push({ index, code })
  const first = new Map<string, { digest: string; index: number }>()
  const digests = batch.map(contentDigest)
  for (const [index, message] of batch.entries()) {
    const digest = digests[index] as string
    const before = first.get(identityOf(message))
    if (before && before.digest !== digest) refuse(index, 'message.conflict')
    if (!before) first.set(identityOf(message), { digest, index })
  }
  // what contradicts itself is not even asked
  if (refused.length > 0) return { refused }

  const room = new Map<string, { count: number; bytes: number; record: number }>()
  const hops = new Map<number, number>()
  for (const [index, message] of batch.entries()) {
    if (first.get(identityOf(message))?.index !== index) continue
    const known = model.ledger.get(identityOf(message))
    if (known) {
      if (known.digest !== digests[index]) refuse(index, 'message.conflict')
      continue
    }
    if (message.causation_id !== undefined) {
      const hop = (model.inboxes.get(message.from_agent)?.hops.get(message.causation_id)?.hop ?? 0) + 1
      hops.set(index, hop)
      if (hop > model.limits.hopLimit) refuse(index, 'loop.detected')
    }
    const inbox = model.inboxes.get(message.to_agent)
    if (!inbox) {
      refuse(index, 'agent.unknown')
      continue
    }
    const counts = countsOf(inbox)
    const taken = room.get(inbox.agent) ?? {
      count: counts.ready + counts.held + counts.delayed + counts.leased + counts.dead,
      bytes: inbox.counters.bytes,
      record: inbox.messages.reduce(
        (sum, { state, message }) => sum + (state === 'settled' ? 0 : recordSize(message)),
        0,
      ),
    }
    taken.count += 1
    taken.bytes += Buffer.byteLength(encodeEnvelope(message))
    taken.record += recordSize(message)
    room.set(inbox.agent, taken)
    const { maxMessages, maxBytes, maxRecord, maxDead } = model.limits
    if (!inbox.enabled) refuse(index, 'agent.disabled')
    else if (taken.count > maxMessages || taken.bytes > maxBytes || taken.record > maxRecord)
      refuse(index, 'inbox.full')
    else if (counts.dead >= maxDead) refuse(index, 'inbox.full')
  }
  if (refused.length > 0) return { refused }

  return batch.map((message, index): ModelPublished => {
    const known = model.ledger.get(identityOf(message))
    if (known) return { message: known, duplicate: true, status: visibleStatus(known) }
    const accepted = accept(model, message, digests[index] as string)
    const hop = hops.get(index) ?? 0
    const chain = model.inboxes.get(message.to_agent)?.hops
    const noted = chain?.get(message.message_id)
    // whoever uses an id that another one has used has no say in that one's chain
    if (hop > 0 && (!noted || (noted.from === message.from_agent && noted.hop < hop))) {
      chain?.set(message.message_id, { hop, from: message.from_agent })
    }
    return { message: accepted, duplicate: false, status: 'pending' }
  })
}

/** Envelopes over 16 KiB lie outside of the inbox's record; 90 bytes are the bus's guess for a field. */
function recordSize(message: AgentMessage): number {
  const size = Buffer.byteLength(encodeEnvelope(message))
  const { from_agent, message_id, correlation_id = '', delivery_options } = message
  const texts = from_agent.length + message_id.length + correlation_id.length
  return (size > 16 * 1024 ? 0 : size) + 2 * (delivery_options.ordering_key ?? '').length + texts + 4 * 90
}

function accept(model: HiveModel, message: AgentMessage, digest: string): ModelMessage {
  const inbox = inboxOf(model, message.to_agent)
  const size = Buffer.byteLength(encodeEnvelope(message))
  const delayMs = Math.round(message.delivery_options.delay_seconds * 1000)
  const accepted: ModelMessage = {
    message,
    digest,
    size,
    rank: ++model.clock,
    priority: message.priority,
    state: 'ready',
    status: 'pending',
    attempts: 0,
    lease: 0,
    reason: '',
    life: period(model, message.ttl * 1000),
    delay: delayMs === 0 ? 'none' : period(model, delayMs),
    leased: 'none',
    retention: 'none',
  }
  model.ledger.set(identityOf(message), accepted)
  inbox.messages.push(accepted)
  inbox.counters.accepted++
  inbox.counters.bytes += size
  enter(inbox, accepted)
  return accepted
}
