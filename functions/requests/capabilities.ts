import * as z from 'zod'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { Description } from '../../core/protocol/description.ts'
import { paging } from './paging.ts'

/** Named like agents: messages are addressed to `capability:<name>`. */
const Capability = AgentName

export const CapabilityPath = z.object({ agent: AgentName, capability: Capability })

/** Body of `PUT …/capabilities/{capability}`: what the declaration is from now on. */
export const DeclareCapability = z.strictObject({
  proficiency_level: z.int().min(1).max(10).default(5),
  description: Description.nullable().default(null),
})

/** Query of `GET /v1/capabilities`. */
export const CapabilityQuery = z.strictObject({
  capability: Capability.exactOptional(),
  min_proficiency: z.coerce.number<string>('must be a whole number').int().min(1).max(10).exactOptional(),
  ...paging,
})
