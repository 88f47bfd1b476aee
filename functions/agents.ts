import { type ChangedAgent, changeAgent, getAgent, listAgents, registerAgent } from '../core/access/agents.ts'
import type { Answer } from './answer.ts'
import { http, on } from './http.ts'
import { AgentPath, ChangeAgent, RegisterAgent } from './requests/agents.ts'
import { PageQuery } from './requests/paging.ts'

/** Who is in the hive: registering, changing, reading. */
export const handler = http({
  'PUT /v1/agents/{agent}': on({ path: AgentPath, body: RegisterAgent }, async (hive, { path, body }) =>
    answer(await registerAgent(hive, path.agent, body)),
  ),
  'PATCH /v1/agents/{agent}': on({ path: AgentPath, body: ChangeAgent }, async (hive, { path, body }) =>
    answer(await changeAgent(hive, path.agent, body)),
  ),
  'GET /v1/agents/{agent}': on({ path: AgentPath }, async (hive, { path }) => ({
    body: await getAgent(hive, path.agent),
  })),
  'GET /v1/agents': on({ query: PageQuery }, async (hive, { query }) => ({ body: await listAgents(hive, query) })),
})

function answer({ agent, created, signingSecret }: ChangedAgent): Answer {
  const shownOnce = signingSecret === undefined ? {} : { signing_secret: signingSecret }
  return { status: created ? 201 : 200, body: { ...agent, ...shownOnce } }
}
