import * as z from 'zod'
import { AgentName } from '../../core/protocol/agent-name.ts'

/** Path of every route of one agent. */
export const AgentPath = z.object({ agent: AgentName.describe('The agent.') })

/** Body of `PUT /v1/agents/{agent}`: what the agent is from now on. Without an endpoint it pulls. */
export const RegisterAgent = z
  .strictObject({
    endpoint: z
      .string()
      .max(2_048)
      .nullable()
      .describe('An https URL on the public internet to which messages are pushed; null for an agent that pulls them.')
      .default(null),
    signing_secret: z
      .string()
      .max(256)
      .describe(
        'Signs webhooks: `whsec_` and 24 to 64 bytes in base64. An agent with an endpoint and without a secret gets one.',
      )
      .exactOptional(),
    disabled: z.boolean().describe('A disabled agent takes no messages and receives none.').default(false),
  })
  .describe('What the agent is from now on. Without an endpoint it pulls; its signing secret is kept.')

/** Body of `PATCH /v1/agents/{agent}`: only what changes. */
export const ChangeAgent = z
  .strictObject({
    endpoint: RegisterAgent.shape.endpoint.unwrap().exactOptional(),
    signing_secret: RegisterAgent.shape.signing_secret,
    disabled: RegisterAgent.shape.disabled.unwrap().exactOptional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'must change something: endpoint, signing_secret or disabled')
  .describe('Only what changes. A new signing secret signs beside the one before it, until it is replaced too.')

/** Body of `POST …/signing-secret/rotate`: the secret to use, else one is made. */
export const RotateSigningSecret = z
  .strictObject({ signing_secret: RegisterAgent.shape.signing_secret })
  .describe(
    'The secret to use; without it one is made and shown once. The one before signs too until the next rotation.',
  )
