import type { Hive } from './hive.ts'
import { withFields } from './json-log.ts'

/** What all log lines of one invocation have, and what the wakes that it sends carry to the next one. */
export type Trace = {
  /** The id of the HTTP request, or of the invocation. */
  request_id: string
  /** The `request_id` of whoever sent the wake that this is the answer to. */
  caused_by?: string
}

/** The hive for one invocation: the same one, with a log and wakes that tell to which request they belong. */
export function traced(hive: Hive, trace: Trace): Hive {
  const { queue, log } = hive
  return {
    ...hive,
    log: withFields(log, trace),
    queue: {
      wakeDeliver: (agent, delayMs) => queue.wakeDeliver(agent, delayMs, trace.request_id),
      wakeHistory: (shard, delayMs) => queue.wakeHistory(shard, delayMs, trace.request_id),
      wakeMigration: (work, delayMs) => queue.wakeMigration(work, delayMs, trace.request_id),
    },
  }
}
