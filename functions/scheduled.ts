import type { Context } from 'aws-lambda'
import type { Hive } from '../core/hive.ts'
import { traced } from '../core/trace.ts'
import { warmHive } from './warm.ts'

/** A function that a schedule starts; what it wakes can be traced to its turn. */
export function scheduled(
  work: (hive: Hive) => Promise<object>,
): (event?: unknown, context?: Context) => Promise<object> {
  return async (_event, context) => {
    const hive = warmHive()
    return work(traced(hive, { request_id: context?.awsRequestId ?? hive.ids.requestId() }))
  }
}
