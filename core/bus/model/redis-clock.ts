import type { Hive } from '../../hive.ts'

/** Resolves once Redis's clock has gone on by more than `ms` since the answer that was the last to arrive. */
export async function letRedisPass({ clock }: Hive, ms: number): Promise<void> {
  // the script ran before its answer came, and clocks of one rate are enough; each may cut off a part of a ms
  const end = clock.now() + ms + 2
  while (clock.now() < end) await clock.sleep(1)
}
