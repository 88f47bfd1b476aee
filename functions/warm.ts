import { createHive, type Hive } from '../core/hive.ts'
import { readConfig } from '../core/linked-config.ts'

let warm: Hive | undefined

/** The hive of this function instance, built from its configuration on first use and kept while the instance is warm. */
export function warmHive(): Hive {
  warm ??= createHive(readConfig(process.env))
  return warm
}

/** Gives this process's functions a hive that was built elsewhere; `undefined` goes back to its own. */
export function setWarmHive(hive: Hive | undefined): void {
  warm = hive
}
