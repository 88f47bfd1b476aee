import type { Hive } from '../../hive.ts'

// Redis knows of which runs something is to be done and when, so that nobody has to ask Postgres every few minutes.

/** Notes when runs want to be looked at (ms). Raises redis.unavailable. */
export async function noteMigrations({ bus }: Hive, runs: readonly { run: string; at: number }[]): Promise<void> {
  const [first, ...rest] = runs.map(({ run, at }) => ({ score: at, member: run }))
  if (first) await bus.ask((redis) => redis.zadd(bus.keys.migrations, first, ...rest))
}

/** Whether any run wants to be looked at by now. Raises redis.unavailable. */
export async function areMigrationsDue({ bus, clock }: Hive): Promise<boolean> {
  return (await bus.ask((redis) => redis.zcount(bus.keys.migrations, 0, clock.now()))) > 0
}

/** Every run that was noted. Raises redis.unavailable. */
export async function notedMigrations({ bus }: Hive): Promise<string[]> {
  return bus.ask((redis) => redis.zrange<string[]>(bus.keys.migrations, 0, -1))
}

/** Forgets runs of which nothing is to be done any more. Raises redis.unavailable. */
export async function forgetMigrations({ bus }: Hive, runs: readonly string[]): Promise<void> {
  if (runs.length > 0) await bus.ask((redis) => redis.zrem(bus.keys.migrations, ...runs))
}
