import { crc32 } from '../crc32.ts'

/** Shards of the outbox and of the due index. Fixed: changing it would orphan what waits in the old shards. */
export const shardCount = 16

/** Every Redis key of the bus. `{agent}` is a hash tag: all keys of one inbox share a slot. */
export type Keys = ReturnType<typeof createKeys>

/** Builds the key names of one stage. */
export function createKeys(stage: string) {
  const root = `hive:${stage}`
  const of = (agent: string) => `${root}:{${agent}}`
  return {
    root,
    /** Hash: projection of the agent, counters, and two fields a message (`<sequence>` state, `m<sequence>` envelope). */
    inbox: (agent: string) => `${of(agent)}:inbox`,
    /** Zset of messages that can be handed over now, by acceptance plus the priority's offset (µs). */
    ready: (agent: string) => `${of(agent)}:ready`,
    /** Zset of every message, by its next timed event (ms): expiry, due time, end of lease, end of retention. */
    timers: (agent: string) => `${of(agent)}:timers`,
    /** Zset of dead letters by time of death (ms). */
    dead: (agent: string) => `${of(agent)}:dead`,
    /** Zset, all scores 0, of `<correlation id>\n<5 − priority> <place>\n<sequence>`: finds ready messages by correlation id. */
    correlated: (agent: string) => `${of(agent)}:correlated`,
    /** Hash of settled outcomes of one period, by sequence. */
    settled: (agent: string, period: number) => `${of(agent)}:settled:${period}`,
    /** The same of messages that live longer than `shortLifeMs`, by the long ledger's periods. */
    settledLong: (agent: string, period: number) => `${of(agent)}:settled:l${period}`,
    /** String: the leases that one receive request was given. */
    request: (agent: string, id: string) => `${of(agent)}:request:${id}`,
    /** String: an envelope over the inline limit. */
    body: (agent: string, token: string) => `${of(agent)}:body:${token}`,
    /** String: an envelope over the inline limit that the recipients of a fan-out share. */
    sharedBody: (token: string) => `${root}:shared:${token}`,
    /** Set of the inboxes that still need that envelope. */
    sharedHolders: (token: string) => `${root}:shared:${token}:holders`,
    /** Hash of what became of a relayed message at each recipient: `<sequence>` there, or `!<code>`; `~cursor`, `~to`. */
    handed: (relay: string, sequence: string) => `${of(relay)}:handed:${sequence}`,
    /** Set of the recipients whose inboxes were full when a relayed message was handed to them. */
    later: (relay: string, sequence: string) => `${of(relay)}:later:${sequence}`,
    /** Zset of a topic's subscribers by when they subscribed (µs). */
    topic: (topic: string) => `${root}:topic:${topic}`,
    /** Hash of a topic's subscribers → the message types that they want (JSON), absent for every type. */
    topicFilters: (topic: string) => `${root}:topic-filters:${topic}`,
    /** String: the version of what was last projected of a membership, for an hour. */
    mark: (set: string, agent: string) => `${root}:mark:${set}\n${agent}`,
    /** Zset of the agents that can do something, by proficiency. */
    capable: (capability: string) => `${root}:capable:${capability}`,
    /** Set of the capabilities for which messages wait. */
    waiting: `${root}:waiting`,
    /** Hash of message id → hop count and sender, for messages that have a cause. */
    hops: (agent: string, period: number) => `${of(agent)}:hops:${period}`,
    /** Hash of the sender's message ids of one period → digest and first result. */
    sentShort: (agent: string, period: number) => `${of(agent)}:sent:s${period}`,
    sentLong: (agent: string, period: number) => `${of(agent)}:sent:l${period}`,
    /** Hash of the sender's message ids that became dead letters in one period → where they are. */
    sentDead: (agent: string, period: number) => `${of(agent)}:sent:d${period}`,
    /** Stream of what history has yet to write. */
    outbox: (shard: number) => `${root}:outbox:${shard}`,
    /** String: bytes in that stream. */
    outboxBytes: (shard: number) => `${root}:outbox:${shard}:bytes`,
    /** Zset of agents by the time (ms) at which their inbox wants to be looked at. */
    due: (shard: number) => `${root}:due:${shard}`,
    /** Zset of the migrations of which a step is pending, by when they want to be looked at (ms). */
    migrations: `${root}:migrations`,
    /** Zset of waiting receive calls by their end (ms). */
    waiters: `${root}:waiters`,
    /** String: projection of an API key, until the key's end. */
    apiKey: (id: string) => `${root}:key:${id}`,
    /** String: how far the requests of one API key and class of routes have run into the future (µs). */
    tokens: (id: string, limit: string) => `${root}:rate:${id}:${limit}`,
    /** Hash of agent → when it last gave a sign of life (ms). */
    seen: `${root}:seen`,
  }
}

/** The shard of an agent's outbox and due entries. */
export function shardOf(agent: string): number {
  return crc32(agent) % shardCount
}
