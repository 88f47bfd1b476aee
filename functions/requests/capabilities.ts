import * as z from 'zod/mini'
import { once } from '../../core/once.ts'
import { AgentName } from '../../core/protocol/agent-name.ts'
import { Description } from '../../core/protocol/description.ts'
import { AgentPath } from './agents.ts'
import { paging, wholeNumber } from './paging.ts'

/** Named like agents: messages are addressed to `capability:<name>`. */
const Capability = AgentName

export const CapabilityPath = once(() =>
  z.extend(AgentPath(), {
    capability: Capability().check(z.describe('What the agent can do.')),
  }),
)

/** Body of `PUT …/capabilities/{capability}`: what the declaration is from now on. */
export const DeclareCapability = once(() =>
  z
    .strictObject({
      proficiency_level: z._default(
        z.int().check(z.minimum(1), z.maximum(10), z.describe('How well the agent can do it.')),
        5,
      ),
      description: z._default(z.nullable(Description()).check(z.describe('What there is to say about it.')), null),
    })
    .check(z.describe('What the declaration is from now on.')),
)

/** Query of `GET /v1/capabilities`. */
export const CapabilityQuery = once(() =>
  z.strictObject({
    capability: z.exactOptional(Capability().check(z.describe('Only this capability.'))),
    min_proficiency: z.exactOptional(wholeNumber(1, 10, 'The least proficiency.')),
    ...paging(),
  }),
)
