import {
  type ChangedAgent,
  changeAgent,
  getAgent,
  listAgents,
  registerAgent,
  rotateSigningSecret,
} from '../core/access/agents.ts'
import { actorOf } from '../core/access/audit.ts'
import { forbidden, isAdmin } from '../core/access/caller.ts'
import { heartbeat } from '../core/bus/heartbeat.ts'
import type { HiveError } from '../core/errors.ts'
import type { Answer } from './answer.ts'
import { http, on } from './http.ts'
import { AgentPath, ChangeAgent, RegisterAgent, RotateSigningSecret } from './requests/agents.ts'
import { PageQuery } from './requests/paging.ts'

/** Who is in the hive: registering, changing, reading. */
export const handler = http({
  'PUT /v1/agents/{agent}': on({ path: AgentPath, body: RegisterAgent }, async (hive, { path, body }, { caller }) =>
    answer(await registerAgent(hive, path.agent, body, actorOf(caller))),
  ),
  'PATCH /v1/agents/{agent}': on({ path: AgentPath, body: ChangeAgent }, async (hive, { path, body }, { caller }) => {
    if (body.disabled !== undefined && !isAdmin(caller)) throw onlyByOperator('disabled')
    return answer(await changeAgent(hive, path.agent, body, actorOf(caller)))
  }),
  'GET /v1/agents/{agent}': on({ path: AgentPath }, async (hive, { path }) => ({
    body: await getAgent(hive, path.agent),
  })),
  'GET /v1/agents': on({ query: PageQuery }, async (hive, { query }) => ({ body: await listAgents(hive, query) })),
  'POST /v1/agents/{agent}/heartbeat': on({ path: AgentPath }, async (hive, { path }) => ({
    body: { name: path.agent, ...(await heartbeat(hive, path.agent)) },
  })),
  'POST /v1/agents/{agent}/signing-secret/rotate': on(
    { path: AgentPath, body: RotateSigningSecret },
    async (hive, { path, body }, { caller }) =>
      answer(await rotateSigningSecret(hive, path.agent, body.signing_secret, actorOf(caller))),
  ),
})

function onlyByOperator(field: string): HiveError {
  return forbidden('An agent does not change this of itself.', [{ field, message: 'takes a key with the scope admin' }])
}

function answer({ agent, created, signingSecret }: ChangedAgent): Answer {
  const shownOnce = signingSecret === undefined ? {} : { signing_secret: signingSecret }
  return { status: created ? 201 : 200, body: { ...agent, ...shownOnce } }
}
