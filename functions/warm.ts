import { loadConfig } from '../core/config.ts'
import { createHive, type Hive } from '../core/hive.ts'

let warm: Hive | undefined

/** The hive of this function instance, built from its environment on first use and kept while the instance is warm. */
export function warmHive(): Hive {
  warm ??= createHive(loadConfig(process.env))
  return warm
}

/** Gives this process's functions a hive that was built elsewhere; `undefined` goes back to the environment's. */
export function setWarmHive(hive: Hive | undefined): void {
  warm = hive
}
