import type { Hive } from '../hive.ts'

/** Asks Redis for a sign of life. Throws `redis.unavailable`. */
export async function ping(hive: Hive): Promise<void> {
  await hive.bus.ask((redis) => redis.ping())
}
