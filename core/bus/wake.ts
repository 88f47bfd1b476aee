import type { Hive } from '../hive.ts'
import { shardOf } from './keys.ts'
import { clearWakeScript } from './scripts/clear-wake.ts'

/** Wakes that a script asked for. */
export type Wakes = {
  requestId: string
  /** Push agents whose delivery is to be woken, and after how long. */
  deliver: { agent: string; delayMs: number }[]
  /** Outbox shards that got their first entry since history drained them. */
  history: number[]
}

/**
 * Sends wakes over SQS. A send that fails is not an error to the caller: its record is cleared and the sweep
 * finds the work, so delivery never depends on SQS.
 */
export async function sendWakes(hive: Hive, wakes: Wakes): Promise<void> {
  await Promise.all([
    ...wakes.deliver.map(async ({ agent, delayMs }) => {
      try {
        await hive.queue.wakeDeliver(agent, delayMs)
      } catch (error) {
        hive.log.warn('wake for delivery not sent; the sweep will deliver', { agent, reason: reasonOf(error) })
        await clearWake(hive, agent, wakes.requestId)
      }
    }),
    ...wakes.history.map(async (shard) => {
      try {
        await hive.queue.wakeHistory(shard, hive.config.historyDelayMs)
      } catch (error) {
        hive.log.warn('wake for history not sent; the sweep will drain it', { shard, reason: reasonOf(error) })
      }
    }),
  ])
}

async function clearWake(hive: Hive, agent: string, requestId: string): Promise<void> {
  const { bus } = hive
  try {
    await bus.run(clearWakeScript, requestId, () => ({
      keys: [bus.keys.inbox(agent), bus.keys.due(shardOf(agent))],
      args: [agent],
    }))
  } catch (error) {
    // the record ends by itself after the grace
    hive.log.warn('wake record not cleared', { agent, reason: reasonOf(error) })
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}
