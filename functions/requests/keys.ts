import * as z from 'zod'
import { scopes } from '../../core/access/scopes.ts'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { Timestamp } from '../../core/protocol/timestamp.ts'
import { paging } from './paging.ts'

/** A path may name what no key is called: that is unknown, and not invalid. */
export const KeyPath = z.object({ key_id: z.string().min(1).max(128).describe('The id of the key.') })

/** Body of `POST /v1/keys`. */
export const CreateKey = z
  .strictObject({
    agent: AgentName.nullable()
      .describe('Whose the key is. Only a key with the scope `admin` may be of no agent, but of an operator.')
      .default(null),
    scopes: z
      .array(z.enum(scopes))
      .min(1)
      .max(scopes.length)
      .refine((given) => new Set(given).size === given.length, 'must not name a scope twice')
      .describe('What the key allows; `admin` allows everything, in the name of every agent.'),
    expires_at: Timestamp.nullable().describe('When the key ends; null for never.').default(null),
  })
  .describe('Whose key it is, and what it allows.')

/** Body of `POST /v1/keys/{key_id}/rotate`: how long both keys are good, an hour if not told, a month at most. */
export const RotateKey = z
  .strictObject({
    overlap_seconds: z.int().min(0).max(2_678_400).describe('How long the key before stays good.').default(3_600),
    expires_at: Timestamp.describe(
      'When the new key ends; when the one before would have, unless given.',
    ).exactOptional(),
  })
  .describe('How long both keys are good.')

export const KeyQuery = z.strictObject({
  agent: AgentName.describe('Only keys of this agent.').exactOptional(),
  ...paging,
})
