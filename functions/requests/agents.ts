import * as z from 'zod/mini'
import { once } from '../../core/once.ts'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { VisibleUrl } from '../../core/protocol/visible-url.ts'

/** Path of every route of one agent. */
export const AgentPath = once(() => z.object({ agent: AgentName().check(z.describe('The agent.')) }))

const endpoint = once(() =>
  z
    .nullable(VisibleUrl())
    .check(
      z.describe(
        'An https URL on the public internet to which messages are pushed; null for an agent that pulls them.',
      ),
    ),
)
const signingSecret = once(() =>
  z
    .string()
    .check(
      z.maxLength(256),
      z.describe(
        'Signs webhooks: `whsec_` and 24 to 64 bytes in base64. An agent with an endpoint and without a secret gets one.',
      ),
    ),
)
const disabled = once(() => z.boolean().check(z.describe('A disabled agent takes no messages and receives none.')))

/** Body of `PUT /v1/agents/{agent}`: what the agent is from now on. Without an endpoint it pulls. */
export const RegisterAgent = once(() =>
  z
    .strictObject({
      endpoint: z._default(endpoint(), null),
      signing_secret: z.exactOptional(signingSecret()),
      disabled: z._default(disabled(), false),
    })
    .check(z.describe('What the agent is from now on. Without an endpoint it pulls; its signing secret is kept.')),
)

/** Body of `PATCH /v1/agents/{agent}`: only what changes. */
export const ChangeAgent = once(() =>
  z
    .strictObject({
      endpoint: z.exactOptional(endpoint()),
      signing_secret: z.exactOptional(signingSecret()),
      disabled: z.exactOptional(disabled()),
    })
    .check(
      z.refine(
        (change) => Object.keys(change).length > 0,
        'must change something: endpoint, signing_secret or disabled',
      ),
      z.describe('Only what changes. A new signing secret signs beside the one before it, until it is replaced too.'),
    ),
)

/** Body of `POST …/signing-secret/rotate`: the secret to use, else one is made. */
export const RotateSigningSecret = once(() =>
  z
    .strictObject({ signing_secret: z.exactOptional(signingSecret()) })
    .check(
      z.describe(
        'The secret to use; without it one is made and shown once. The one before signs too until the next rotation.',
      ),
    ),
)
