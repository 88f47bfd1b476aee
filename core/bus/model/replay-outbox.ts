import type { Hive } from '../../hive.ts'
import type { Status } from '../../protocol/status.ts'
import { shardOf } from '../keys.ts'
import { commitOutbox, type OutboxEvent, readOutbox } from '../outbox.ts'

/** What a reader who knows nothing but the outbox believes of one message at one recipient. */
export type Replayed = {
  sequence: number
  status: Status
  at: number
  attempts: number
  reason: string
  ends: Status[]
}

export type OutboxReplay = {
  /** Reads and commits all that is there now. */
  drain(): Promise<void>
  /** By recipient, sender and id, a line each. */
  messages: Map<string, Replayed>
  /** What no history should contain. */
  violations: string[]
}

/** Follows the outbox shards of some agents. Nobody may publish to those shards while it drains. */
export function replayOutbox(hive: Hive, agents: string[]): OutboxReplay {
  const messages = new Map<string, Replayed>()
  const violations: string[] = []
  const shards = [...new Set(agents.map(shardOf))]

  const apply = (event: OutboxEvent) => {
    const { from_agent, message_id } = event.kind === 'accepted' ? event.message : event
    const name = `${event.to_agent}\n${from_agent}\n${message_id}`
    const known = messages.get(name)
    if (event.kind === 'accepted') {
      if (known) violations.push(`${name} was accepted twice`)
      messages.set(name, { sequence: event.at, status: 'pending', at: event.at, attempts: 0, reason: '', ends: [] })
      return
    }
    if (!known) {
      violations.push(`${name} became ${event.status} before it was accepted`)
      return
    }
    // history keeps the newest by this time only
    if (event.at <= known.at) violations.push(`${name} became ${event.status} no later than ${known.status}`)
    if (event.status === 'delivered' || event.status === 'expired' || event.status === 'discarded') {
      known.ends.push(event.status)
    }
    Object.assign(known, { status: event.status, at: event.at, attempts: event.attempts, reason: event.reason })
  }

  return {
    messages,
    violations,
    async drain() {
      for (const shard of shards) {
        const bytes = Number((await hive.bus.ask((redis) => redis.get(hive.bus.keys.outboxBytes(shard)))) ?? 0)
        let read = 0
        for (let empty = false; !empty; ) {
          const page = await readOutbox(hive, shard, 500)
          if (page.ids.length === 0) break
          for (const event of page.events) apply(event)
          read += page.bytes
          empty = (await commitOutbox(hive, shard, page)).empty
        }
        if (read !== bytes) violations.push(`shard ${shard} says ${bytes} bytes and held ${read}`)
      }
    },
  }
}
