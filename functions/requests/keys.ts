import * as z from 'zod/mini'
import { scopes } from '../../core/access/scopes.ts'
import { once } from '../../core/once.ts'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { Timestamp } from '../../core/protocol/timestamp.ts'
import { paging } from './paging.ts'

/** A path may name what no key is called: that is unknown, and not invalid. */
export const KeyPath = once(() =>
  z.object({
    key_id: z.string().check(z.minLength(1), z.maxLength(128), z.describe('The id of the key.')),
  }),
)

/** Body of `POST /v1/keys`. */
export const CreateKey = once(() =>
  z
    .strictObject({
      agent: z._default(
        z
          .nullable(AgentName())
          .check(
            z.describe('Whose the key is. Only a key with the scope `admin` may be of no agent, but of an operator.'),
          ),
        null,
      ),
      scopes: z.array(z.enum(scopes)).check(
        z.minLength(1),
        z.maxLength(scopes.length),
        z.refine((given) => new Set(given).size === given.length, 'must not name a scope twice'),
        z.describe('What the key allows; `admin` allows everything, in the name of every agent.'),
      ),
      expires_at: z._default(z.nullable(Timestamp()).check(z.describe('When the key ends; null for never.')), null),
    })
    .check(z.describe('Whose key it is, and what it allows.')),
)

/** Body of `POST /v1/keys/{key_id}/rotate`: how long both keys are good, an hour if not told, a month at most. */
export const RotateKey = once(() =>
  z
    .strictObject({
      overlap_seconds: z._default(
        z.int().check(z.minimum(0), z.maximum(2_678_400), z.describe('How long the key before stays good.')),
        3_600,
      ),
      expires_at: z.exactOptional(
        Timestamp().check(z.describe('When the new key ends; when the one before would have, unless given.')),
      ),
    })
    .check(z.describe('How long both keys are good.')),
)

export const KeyQuery = once(() =>
  z.strictObject({
    agent: z.exactOptional(AgentName().check(z.describe('Only keys of this agent.'))),
    ...paging(),
  }),
)
