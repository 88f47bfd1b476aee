import type { Hive } from '../hive.ts'

/** A message that a script made a dead letter. */
export type Died = [sender: string, messageId: string, acceptedAt: string, sequence: string]

/**
 * Notes for their senders where dead letters are: they outlive the ledger by which `messageStatus` finds a message, and
 * so do their outcomes. Best effort: a message that is not noted has a status for as long as its ledger.
 */
export async function rememberDead(hive: Hive, agent: string, died: Died[]): Promise<void> {
  if (died.length === 0) return
  const { bus } = hive
  const { dead, keepDead } = bus.periods
  const period = Math.floor(bus.now() / dead)
  const end = (period + 1) * dead + keepDead
  try {
    await bus.ask((redis) => {
      const pipeline = redis.pipeline()
      for (const [sender, messages] of Map.groupBy(died, ([sender]) => sender)) {
        const key = bus.keys.sentDead(sender, period)
        const entries = messages.map(([, id, at, sequence]) => [`i:${id}`, `- ${at} ${sequence} ${agent}`])
        pipeline.hset(key, Object.fromEntries(entries))
        pipeline.pexpireat(key, end)
      }
      return pipeline.exec()
    })
  } catch {
    hive.log.warn('dead letters not noted for their senders', { agent, count: died.length })
  }
}
