import type { Hive } from '../hive.ts'
import { decodeEnvelope } from '../protocol/envelope.ts'
import type { AgentMessage } from '../protocol/message.ts'
import type { Status } from '../protocol/status.ts'
import { shardCount } from './keys.ts'
import { commitOutboxScript } from './scripts/commit-outbox.ts'

/** What happened to messages, in the order in which it happened at each recipient. Times are µs by Redis's clock. */
export type OutboxEvent =
  | { kind: 'accepted'; at: number; to_agent: string; message: AgentMessage }
  | {
      kind: 'status'
      at: number
      to_agent: string
      status: Status
      attempts: number
      from_agent: string
      message_id: string
      reason: string
    }

/** Entries of a shard, oldest first, and what is in them. `sizes` are the bytes of each entry, `bytes` their sum. */
export type OutboxPage = { ids: string[]; sizes: number[]; bytes: number; events: OutboxEvent[] }

/** Reads the oldest entries of a shard. They stay until `commitOutbox`. Raises redis.unavailable. */
export async function readOutbox(hive: Hive, shard: number, entries: number): Promise<OutboxPage> {
  const { bus } = hive
  const answer = await bus.ask((redis) => redis.xrange(bus.keys.outbox(shard), '-', '+', entries))
  const rows = answer as unknown as [id: string, fields: string[]][]
  const page: OutboxPage = { ids: [], sizes: [], bytes: 0, events: [] }
  for (const [id, fields] of rows) {
    let size = 0
    for (let i = 0; i < fields.length; i += 2) {
      const value = fields[i + 1] as string
      size += Buffer.byteLength(value)
      page.events.push(eventOf(fields[i] as string, value))
    }
    page.ids.push(id)
    page.sizes.push(size)
    page.bytes += size
  }
  return page
}

/** Deletes the entries of a page, which history has committed. Returns whether the shard is empty now. Raises redis.unavailable. */
export async function commitOutbox(hive: Hive, shard: number, page: OutboxPage): Promise<{ empty: boolean }> {
  const { bus } = hive
  const answer = await bus.run(commitOutboxScript, hive.ids.requestId(), () => ({
    keys: [bus.keys.outbox(shard), bus.keys.outboxBytes(shard)],
    args: [String(page.ids.length), ...page.ids, ...page.sizes.map(String)],
  }))
  return { empty: Number(answer[2]) === 1 }
}

/** Bytes that wait in each shard. */
export async function outboxBacklog(hive: Hive): Promise<number[]> {
  const { bus } = hive
  const keys = Array.from({ length: shardCount }, (_, shard) => bus.keys.outboxBytes(shard))
  const bytes = await bus.ask((redis) => redis.mget<(string | null)[]>(...keys))
  return bytes.map(Number)
}

function eventOf(field: string, value: string): OutboxEvent {
  const [kind, sequence, to_agent = ''] = field.split('\n')
  if (kind !== 'a') return statusEvent(value)
  return { kind: 'accepted', at: Number(sequence), to_agent, message: decodeEnvelope(value) }
}

function statusEvent(value: string): OutboxEvent {
  const [to_agent = '', status, at, attempts, from_agent = '', message_id = '', ...reason] = value.split('\n')
  return {
    kind: 'status',
    at: Number(at),
    to_agent,
    status: status as Status,
    attempts: Number(attempts),
    from_agent,
    message_id,
    reason: reason.join('\n'),
  }
}
