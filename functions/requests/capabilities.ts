import * as z from 'zod'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { Description } from '../../core/protocol/description.ts'
import { AgentPath } from './agents.ts'
import { paging } from './paging.ts'

/** Named like agents: messages are addressed to `capability:<name>`. */
const Capability = AgentName

export const CapabilityPath = AgentPath.extend({ capability: Capability.describe('What the agent can do.') })

/** Body of `PUT …/capabilities/{capability}`: what the declaration is from now on. */
export const DeclareCapability = z
  .strictObject({
    proficiency_level: z.int().min(1).max(10).describe('How well the agent can do it.').default(5),
    description: Description.nullable().describe('What there is to say about it.').default(null),
  })
  .describe('What the declaration is from now on.')

/** Query of `GET /v1/capabilities`. */
export const CapabilityQuery = z.strictObject({
  capability: Capability.describe('Only this capability.').exactOptional(),
  min_proficiency: z.coerce
    .number<string>('must be a whole number')
    .int()
    .min(1)
    .max(10)
    .describe('The least proficiency.')
    .exactOptional(),
  ...paging,
})
