import { actorFor } from '../core/access/audit.ts'
import { capabilitiesOf, declareCapability, withdrawCapability } from '../core/access/capabilities.ts'
import { http, on } from './http.ts'
import { AgentPath } from './requests/agents.ts'
import { CapabilityPath, CapabilityQuery, DeclareCapability } from './requests/capabilities.ts'
import { PageQuery } from './requests/paging.ts'

/** What agents can do: declaring it, taking it back, finding who can. */
export const handler = http({
  'PUT /v1/agents/{agent}/capabilities/{capability}': on(
    { path: CapabilityPath, body: DeclareCapability },
    async (hive, { path, body }, { caller }) => {
      const declaration = { agent_name: path.agent, capability: path.capability, ...body }
      const { capability, created } = await declareCapability(hive, declaration, actorFor(caller, path.agent))
      return { status: created ? 201 : 200, body: capability }
    },
  ),
  'DELETE /v1/agents/{agent}/capabilities/{capability}': on(
    { path: CapabilityPath },
    async (hive, { path }, { caller }) => ({
      body: { withdrawn: await withdrawCapability(hive, path.agent, path.capability, actorFor(caller, path.agent)) },
    }),
  ),
  'GET /v1/agents/{agent}/capabilities': on({ path: AgentPath, query: PageQuery }, async (hive, { path, query }) => ({
    body: await capabilitiesOf(hive, path.agent, query),
  })),
  'GET /v1/capabilities': on({ query: CapabilityQuery }, async (hive, { query }) => {
    const { capabilities } = await hive.records()
    return { body: await capabilities.query(query) }
  }),
})
