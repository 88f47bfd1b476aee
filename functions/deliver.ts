import * as z from 'zod'
import { deliver } from '../core/delivery/deliver.ts'
import { AgentName } from '../core/protocol/agent-name.ts'
import { batch } from './batch.ts'

/** Pushes what waits for one agent. */
export const handler = batch(z.object({ agent: AgentName }), (hive, { agent }) => deliver(hive, agent))
