import type { Log } from '../../core/hive.ts'

/** The log of a process under load: errors alone, a line each, which its parent reads. */
export const logErrors: Log = {
  info: () => {},
  warn: () => {},
  error: (message, extra) => console.error(JSON.stringify({ message, ...extra })),
}
