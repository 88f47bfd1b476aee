import type { Hive } from '../hive.ts'
import { parseAddress } from '../protocol/agent-name.ts'
import { deliver } from './deliver.ts'
import { fanOut } from './fan-out.ts'
import { routeWaiting } from './route-waiting.ts'

const work = { agent: deliver, topic: fanOut, capability: routeWaiting }

/** What a wake asks for: pushes what waits for an agent to it, or what a relay holds on to its recipients. */
export async function workInbox(hive: Hive, inbox: string): Promise<void> {
  const { kind, name } = parseAddress(inbox)
  await work[kind](hive, name)
}
