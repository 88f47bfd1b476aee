import { shardCount } from '../bus/keys.ts'
import { outboxBacklog } from '../bus/outbox.ts'
import { dueAgents, tend } from '../bus/tend.ts'
import type { Hive } from '../hive.ts'

/** Agents taken from one shard at once, and looked after at the same time. */
const page = 50

/** A sweep ends before the next one starts. */
const budgetMs = 50_000

export type Swept = {
  /** Inboxes that were looked after. */
  inboxes: number
  /** Shards whose history was woken. */
  shards: number
}

/**
 * The safety net, once a minute: finds every inbox in which something is due and every outbox shard that holds
 * something, whatever happened to their wakes. Costs nothing but the look when nothing is due. Raises redis.unavailable.
 */
export async function sweep(hive: Hive): Promise<Swept> {
  const end = hive.clock.now() + budgetMs
  const inboxes = await Promise.all(Array.from({ length: shardCount }, (_, shard) => tendShard(hive, shard, end)))
  const backlog = await outboxBacklog(hive)
  const shards = backlog.flatMap((bytes, shard) => (bytes > 0 ? [shard] : []))
  await Promise.all(
    shards.map((shard) =>
      hive.queue.wakeHistory(shard, 0).catch(() => hive.log.warn('wake for history not sent', { shard })),
    ),
  )
  return { inboxes: inboxes.reduce((sum, count) => sum + count, 0), shards: shards.length }
}

async function tendShard(hive: Hive, shard: number, end: number): Promise<number> {
  let tended = 0
  while (hive.clock.now() < end) {
    const agents = await dueAgents(hive, shard, page)
    const results = await Promise.all(agents.map((agent) => tend(hive, agent)))
    tended += agents.length
    // with fewer than a page and nothing left in them, no inbox of the shard is due any more
    if (agents.length < page && !results.some(({ more }) => more)) return tended
  }
  return tended
}
