import * as z from 'zod'
import { AgentName } from '../../core/protocol/agent-name.ts'

/** Path of every route of one agent. */
export const AgentPath = z.object({ agent: AgentName })

/** Body of `PUT /v1/agents/{agent}`: what the agent is from now on. Without an endpoint it pulls. */
export const RegisterAgent = z.strictObject({
  endpoint: z.string().max(2_048).nullable().default(null),
  signing_secret: z.string().max(256).exactOptional(),
  disabled: z.boolean().default(false),
})

/** Body of `PATCH /v1/agents/{agent}`: only what changes. */
export const ChangeAgent = z.strictObject({
  endpoint: RegisterAgent.shape.endpoint.unwrap().exactOptional(),
  signing_secret: RegisterAgent.shape.signing_secret,
  disabled: z.boolean().exactOptional(),
})

/** Body of `POST …/signing-secret/rotate`: the secret to use, else one is made. */
export const RotateSigningSecret = z.strictObject({ signing_secret: RegisterAgent.shape.signing_secret })
