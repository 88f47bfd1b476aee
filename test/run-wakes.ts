import { workInbox } from '../core/delivery/work-inbox.ts'
import type { TestHive } from './hive.ts'

/** Does what SQS was asked for, wakes that come of it included; those with a delay and history are left out. */
export async function runWakes(hive: TestHive): Promise<void> {
  for (;;) {
    const wake = hive.wakes.shift()
    if (!wake) return
    if ('agent' in wake && wake.delayMs === 0) await workInbox(hive, wake.agent)
  }
}
