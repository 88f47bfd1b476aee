import { inboxCounts } from '../core/bus/inbox-counts.ts'
import { receive } from '../core/bus/receive.ts'
import { settle } from '../core/bus/settle.ts'
import { http, on } from './http.ts'
import { AgentPath } from './requests/agents.ts'
import { Receive, readIdempotencyKey, Settle } from './requests/inbox.ts'

/** One agent's inbox: looking at it, taking from it, settling what was taken. */
export const handler = http({
  'GET /v1/agents/{agent}/inbox': on({ path: AgentPath }, async (hive, { path }) => ({
    body: { agent: path.agent, ...(await inboxCounts(hive, path.agent)) },
  })),

  'POST /v1/agents/{agent}/inbox/receive': on(
    { path: AgentPath, body: Receive },
    async (hive, { path, body }, request) => {
      const requestId = readIdempotencyKey(request.headers) ?? request.id
      return { body: { agent: path.agent, ...(await receive(hive, path.agent, { ...body, requestId })) } }
    },
  ),

  'POST /v1/agents/{agent}/inbox/settle': on({ path: AgentPath, body: Settle }, async (hive, { path, body }) => ({
    body: await settle(hive, path.agent, body),
  })),
})
