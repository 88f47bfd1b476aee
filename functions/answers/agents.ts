import * as z from 'zod'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { page } from './page.ts'

/** An agent as it is. `signing_secret` is there only in the answer to the request that made it. */
export const Agent = z.strictObject({
  name: AgentName,
  endpoint: z.string().nullable(),
  endpoint_disabled_at: z.iso.datetime({ offset: true }).nullable(),
  disabled: z.boolean(),
  last_seen_at: z.iso.datetime({ offset: true }).nullable(),
  version: z.int(),
  created_at: z.iso.datetime({ offset: true }),
  updated_at: z.iso.datetime({ offset: true }),
  signing_secret: z.string().startsWith('whsec_').optional(),
})

export const AgentPage = page(Agent)

/** When an agent gave the sign of life that was just taken. */
export const Heartbeat = z.strictObject({ name: AgentName, last_seen_at: z.iso.datetime({ offset: true }) })
