import { shardCount } from '../bus/keys.ts'
import { outboxBacklog } from '../bus/outbox.ts'
import { findCapable } from '../bus/relay/capable.ts'
import { closeRelay, openRelay } from '../bus/relay/open-relay.ts'
import { dueAgents, tend } from '../bus/tend.ts'
import { codeOf } from '../errors.ts'
import type { Hive } from '../hive.ts'

/** Agents taken from one shard at once, and looked after at the same time; so are capabilities. */
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
  const [inboxes, shards] = await Promise.all([
    Promise.all(Array.from({ length: shardCount }, (_, shard) => tendShard(hive, shard, end))),
    wakeHistories(hive),
    wakeWaiting(hive, end),
  ])
  return { inboxes: inboxes.reduce((sum, count) => sum + count, 0), shards }
}

async function wakeHistories(hive: Hive): Promise<number> {
  const backlog = await outboxBacklog(hive)
  const shards = backlog.flatMap((bytes, shard) => (bytes > 0 ? [shard] : []))
  await Promise.all(
    shards.map((shard) =>
      hive.queue.wakeHistory(shard, 0).catch(() => hive.log.warn('wake for history not sent', { shard })),
    ),
  )
  return shards.length
}

/** Sets relays going in which messages wait for agents that have come to life meanwhile. */
async function wakeWaiting(hive: Hive, end: number): Promise<void> {
  const { bus } = hive
  const capabilities = await bus.ask((redis) => redis.smembers(bus.keys.waiting))
  for (let at = 0; at < capabilities.length && hive.clock.now() < end; at += page) {
    await Promise.all(capabilities.slice(at, at + page).map((capability) => wakeCapability(hive, capability)))
  }
}

async function wakeCapability(hive: Hive, capability: string): Promise<void> {
  const relay = `capability:${capability}`
  try {
    if (await closeRelay(hive, relay)) return
    if ((await findCapable(hive, capability)).able.length > 0) await openRelay(hive, relay, { running: true })
  } catch (error) {
    hive.log.error('messages that wait could not be looked after', { capability, code: codeOf(error) })
  }
}

async function tendShard(hive: Hive, shard: number, end: number): Promise<number> {
  let tended = 0
  // stay due, the earliest of all, and must not keep the others from their turn
  let failed = 0
  while (hive.clock.now() < end) {
    const agents = await dueAgents(hive, shard, { offset: failed, limit: page })
    const results = await Promise.all(agents.map((agent) => tendOne(hive, agent)))
    tended += agents.length
    failed += results.filter((result) => result === 'failed').length
    // with fewer than a page and nothing left in them, no inbox of the shard is due any more
    if (agents.length < page && !results.includes('more')) return tended
  }
  return tended
}

async function tendOne(hive: Hive, agent: string): Promise<'done' | 'more' | 'failed'> {
  try {
    return (await tend(hive, agent)).more ? 'more' : 'done'
  } catch (error) {
    hive.log.error('an inbox could not be looked after', { agent, code: codeOf(error) })
    return 'failed'
  }
}
