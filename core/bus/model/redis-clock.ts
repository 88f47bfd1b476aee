import type { Hive } from '../../hive.ts'

/**
 * Resolves once Redis's clock has gone on by more than `ms` since the last script ran. Asks nobody: the bus's estimate
 * starts from the time that a script answered, so it is behind Redis's clock by the way of that answer.
 */
export async function letRedisPass(hive: Hive, ms: number): Promise<void> {
  // both clocks cut off a part of a ms
  const end = hive.bus.now() + ms + 2
  while (hive.bus.now() < end) await hive.clock.sleep(1)
}
