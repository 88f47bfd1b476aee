import type { RecordsConfig } from './run-statement.ts'

/** An open connection that nobody has used for this long is closed: the next request may come from another function. */
export const idleMs = 10_000

/** A function serves one request at a time, which has few statements at once; every warm function has a pool. */
export function mostConnections({ databaseConnections = 2 }: RecordsConfig): number {
  return databaseConnections
}
