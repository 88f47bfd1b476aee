import * as z from 'zod/mini'
import { workInbox } from '../core/delivery/work-inbox.ts'
import { Address } from '../core/protocol/agent-name.ts'
import { batch } from './batch.ts'

/** Pushes what waits for one agent to it, or what a relay holds on to its recipients. */
export const handler = batch(z.object({ agent: Address() }), (hive, { agent }) => workInbox(hive, agent))
