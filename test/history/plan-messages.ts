import type { Random } from '../random.ts'
import type { Fleet, Sent } from './history.ts'

/** A batch that one sender publishes, how long it waits before that, and what else it does with it. */
export type PlannedBatch = {
  pauseMs: number
  messages: Sent[]
  /** How often it is tried while nobody knows whether it was accepted. */
  attempts: number
  /** Sent again once it was accepted: as it is, or with other content. */
  again: 'no' | 'the same' | 'other content'
  /** The sender goes away in the middle of its first request. */
  hangsUp: boolean
}

/** The agents of a run; their names are its own. */
export function planFleet(run: string): Fleet {
  const pulling = Array.from({ length: 4 }, (_, i) => `${run}-pull-${i}`)
  const pushed = Array.from({ length: 2 }, (_, i) => `${run}-push-${i}`)
  const [a = '', b = '', c = '', d = ''] = pulling
  return {
    pulling,
    pushed,
    topics: { [`${run}-all`]: [a, b, pushed[0] ?? ''], [`${run}-some`]: [c, d] },
    capabilities: { [`${run}-can`]: [a, b, c] },
  }
}

/** Everything that one sender is going to publish. */
export function planBatches(
  random: Random,
  { run, from, fleet, count, workMs }: { run: string; from: string; fleet: Fleet; count: number; workMs: number },
): PlannedBatch[] {
  const batches: PlannedBatch[] = []
  let made = 0
  while (made < count) {
    const size = Math.min(count - made, random.chance(0.3) ? 1 : random.int(2, 40))
    const messages = Array.from({ length: size }, () => planMessage(random, `${run}-${from}-${made++}`, from, fleet))
    const again = random.chance(0.15) ? 'the same' : random.chance(0.1) ? 'other content' : 'no'
    batches.push({
      pauseMs: 0,
      messages,
      attempts: random.chance(0.1) ? 1 : 12,
      again,
      hangsUp: random.chance(0.03),
    })
  }
  // as much work as there is spreads over the time in which faults happen
  for (const batch of batches) batch.pauseMs = random.int(0, (2 * workMs) / batches.length)
  return batches
}

function planMessage(random: Random, id: string, from: string, fleet: Fleet): Sent {
  const chance = random.next()
  const topic = chance < 0.06
  const capability = chance >= 0.06 && chance < 0.12
  const to = topic
    ? `topic:${random.pick(Object.keys(fleet.topics))}`
    : capability
      ? `capability:${random.pick(Object.keys(fleet.capabilities))}`
      : random.pick(chance < 0.4 ? fleet.pushed : fleet.pulling)
  // a relay lets go of what has ended by the time it gets to it: of what is to reach subscribers, nothing is that short
  const brief = !topic && random.chance(0.1)
  const keyed = random.chance(0.25)
  return {
    id,
    from,
    to,
    type: random.pick(['task', 'note']),
    priority: random.int(1, 4),
    ttlMs: brief ? random.int(1, 2) * 1000 : 600_000,
    delayMs: random.chance(0.15) ? random.int(1, brief ? 900 : 1_200) : 0,
    maxAttempts: random.chance(0.2) ? random.int(1, 2) : 5,
    ...(keyed ? { orderingKey: `key ${random.int(0, 5)}` } : {}),
    ...(random.chance(0.2) ? { correlationId: `conversation ${random.int(0, 2)}` } : {}),
    content: random.chance(0.02) ? `${id} ${'x'.repeat(random.int(17_000, 40_000))}` : `${id} ${random.next()}`,
  }
}
