import * as z from 'zod'
import { scopes } from '../../core/access/scopes.ts'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { Timestamp } from '../../core/protocol/timestamp.ts'
import { paging } from './paging.ts'

/** A path may name what no key is called: that is unknown, and not invalid. */
export const KeyPath = z.object({ key_id: z.string().min(1).max(128) })

/** Body of `POST /v1/keys`. Only a key with the scope `admin` may be of no agent. */
export const CreateKey = z.strictObject({
  agent: AgentName.nullable().default(null),
  scopes: z
    .array(z.enum(scopes))
    .min(1)
    .max(scopes.length)
    .refine((given) => new Set(given).size === given.length, 'must not name a scope twice'),
  expires_at: Timestamp.nullable().default(null),
})

/** Body of `POST /v1/keys/{key_id}/rotate`: how long both keys are good, an hour if not told, a month at most. */
export const RotateKey = z.strictObject({
  overlap_seconds: z.int().min(0).max(2_678_400).default(3_600),
  expires_at: Timestamp.exactOptional(),
})

export const KeyQuery = z.strictObject({ agent: AgentName.exactOptional(), ...paging })
