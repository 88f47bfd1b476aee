import { commitOutbox, type OutboxEvent, type OutboxPage, readOutbox } from '../bus/outbox.ts'
import type { Hive } from '../hive.ts'
import { measure } from '../measure.ts'
import { conversationIdOf } from '../protocol/conversation-id.ts'
import type { ConversationEvent, StatusEvent } from '../records/conversations-repository.ts'

/** Upstash answers at most 10 MB, an entry has up to 1 MiB, and what is JSON already grows when it is put in JSON. */
const firstRead = 4
const mostEntries = 1_000
const smallPage = 256 * 1024

/** A drain stops after this and wakes the next one. */
const budgetMs = 20_000

/**
 * Writes what happened in one outbox shard to `agent_conversations`, oldest first, until the shard is empty or time is
 * up. Entries are deleted after their commit and writing is idempotent, so a crash or a second drainer costs work and
 * loses nothing. Raises redis.unavailable, postgres.unavailable.
 */
export async function drainHistory(hive: Hive, shard: number): Promise<void> {
  const end = hive.clock.now() + budgetMs
  let entries = firstRead
  for (;;) {
    const page = await read(hive, shard, entries)
    if (page.ids.length === 0) return
    const records = await hive.records()
    const accepted = acceptedOf(page.events)
    const changes = changesOf(page.events)
    await records.conversations.record(accepted, changes)
    const { empty } = await commitOutbox(hive, shard, page)
    measure(hive, 'recorded', { EventsRecorded: page.events.length }, { shard, messages: [...accepted, ...changes] })
    if (empty) return
    if (hive.clock.now() >= end) return hive.queue.wakeHistory(shard, 0)
    if (page.bytes < smallPage) entries = Math.min(entries * 4, mostEntries)
    else if (page.bytes > 8 * smallPage) entries = Math.max(1, Math.floor(entries / 4))
  }
}

/** Reads fewer when so many are not to be had: large entries may stand behind small ones. */
async function read(hive: Hive, shard: number, entries: number): Promise<OutboxPage> {
  for (let count = entries; ; count = Math.floor(count / 4)) {
    try {
      return await readOutbox(hive, shard, count)
    } catch (error) {
      if (count < 4) throw error
    }
  }
}

function acceptedOf(events: OutboxEvent[]): ConversationEvent[] {
  return events.flatMap((event) => {
    if (event.kind !== 'accepted') return []
    const { message } = event
    return [
      {
        conversation_id: conversationIdOf(message),
        from_agent: message.from_agent,
        to_agent: event.to_agent,
        message_type: message.message_type,
        content: JSON.stringify(message.body),
        timestamp: message.timestamp,
        message_id: message.message_id,
        priority: message.priority,
        status: 'pending' as const,
        status_at: event.at,
        attempts: 0,
        reason: null,
        metadata: metadataOf(message),
      },
    ]
  })
}

/** What the columns have no place for, so that the whole message can be read from its row. */
function metadataOf(message: Extract<OutboxEvent, { kind: 'accepted' }>['message']): Record<string, unknown> {
  const { ttl, delivery_options, metadata, correlation_id, reply_to, causation_id } = message
  return { ttl, delivery_options, metadata, correlation_id, reply_to, causation_id }
}

function changesOf(events: OutboxEvent[]): StatusEvent[] {
  return events.flatMap((event) => {
    if (event.kind !== 'status') return []
    const { from_agent, message_id, to_agent, status, attempts, at } = event
    return [
      {
        from_agent,
        message_id,
        to_agent,
        status,
        attempts,
        status_at: at,
        reason: event.reason === '' ? null : event.reason,
      },
    ]
  })
}
